import DICOMFiles
import DICOMweb
import Testing

@Suite("Part10Writer")
struct Part10WriterTests {
    @Test("A file begins with preamble, prefix and file meta information of the right length")
    func fileMeta() throws {
        let file = try Part10Writer.encode(Self.minimal())
        #expect(file[0..<128].allSatisfy { $0 == 0 })
        #expect(file[128..<132].elementsEqual("DICM".utf8))
        #expect(file[132..<140].elementsEqual([0x02, 0x00, 0x00, 0x00, 0x55, 0x4C, 0x04, 0x00]))
        let length = file[140..<144].reversed().reduce(0) { $0 << 8 | Int($1) }
        let body = file[(144 + length)...]
        #expect(body.starts(with: [0x08, 0x00, 0x05, 0x00, 0x43, 0x53, 0x0A, 0x00] + Array("ISO_IR 192".utf8)))
    }

    @Test(
        "Values are written as their VR asks, padded to an even length",
        arguments: [
            (VR.CS, [Value.string("A"), .string("BC")], Array("A\\BC".utf8)),
            (.LO, [.string("Ångström")], Array("Ångström".utf8)),
            (.SH, [.string("abc")], Array("abc ".utf8)),
            (.UI, [.string("1.2.3")], Array("1.2.3\0".utf8)),
            (.LO, [.string("a"), .null, .string("b")], Array("a\\\\b".utf8)),
            (.LT, [.string("a\\b")], Array("a\\b ".utf8)),
            (.US, [.integer(258)], [2, 1]),
            (.SS, [.integer(-2)], [0xFE, 0xFF]),
            (.UL, [.unsigned(1), .integer(2)], [1, 0, 0, 0, 2, 0, 0, 0]),
            (.SV, [.string("-1")], [UInt8](repeating: 0xFF, count: 8)),
            (.FL, [.real(1)], [0, 0, 0x80, 0x3F]),
            (.FD, [.integer(1)], [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
            (.AT, [.string("00100020")], [0x10, 0x00, 0x20, 0x00]),
            (.IS, [.integer(12), .string("7")], Array("12\\7".utf8)),
            (.DS, [.real(0.5), .integer(-3)], Array("0.5\\-3".utf8)),
            (.PN, [.personName(PersonName(alphabetic: "A^B", phonetic: "C"))], Array("A^B==C".utf8)),
        ]
    )
    func values(vr: VR, values: [Value], expected: [UInt8]) throws {
        var dataSet = Self.minimal()
        dataSet[Self.probe] = Element(vr: vr, content: .values(values))
        let file = try Part10Writer.encode(dataSet)
        let head: [UInt8] = [0x09, 0x00, 0x10, 0x10] + Array(vr.rawValue.utf8)
        let length = UInt8((expected.count + 1) / 2 * 2)
        let isLong = [VR.SV].contains(vr)
        #expect(file.ends(with: head + (isLong ? [0, 0, length, 0, 0, 0] : [length, 0]) + expected))
    }

    @Test(
        "What the VR cannot hold is refused with the tag",
        arguments: [
            (VR.US, [Value.integer(65_536)], Part10WriterError.Code.invalidValue),
            (.US, [.integer(-1)], .invalidValue),
            (.US, [.string("1")], .wrongKind),
            (.US, [.null, .null], .wrongKind),
            (.SS, [.integer(40_000)], .invalidValue),
            (.IS, [.real(1.5)], .invalidValue),
            (.DS, [.real(.infinity)], .invalidValue),
            (.LO, [.string("a\\b")], .invalidValue),
            (.LO, [.integer(1)], .wrongKind),
            (.LT, [.string("a"), .string("b")], .invalidValue),
            (.AT, [.string("0010002")], .invalidValue),
            (.PN, [.personName(PersonName(alphabetic: "A=B"))], .invalidValue),
            (.OB, [.integer(1)], .wrongKind),
            (.SQ, [.string("a")], .wrongKind),
            (.LO, [.string(String(repeating: "x", count: 65_535))], .tooLong),
        ]
    )
    func refused(vr: VR, values: [Value], expected: Part10WriterError.Code) throws {
        var dataSet = Self.minimal()
        dataSet[Self.probe] = Element(vr: vr, content: .values(values))
        let error = #expect(throws: Part10WriterError.self) { try Part10Writer.encode(dataSet) }
        #expect(error?.code == expected)
        #expect(error?.tag == Self.probe)
    }

    @Test("The longest text that a two-byte length can count is written")
    func longest() throws {
        var dataSet = Self.minimal()
        dataSet.set(Self.probe, vr: .LO, String(repeating: "x", count: 65_533))
        #expect(try Part10Writer.encode(dataSet).suffix(65_536).starts(with: [0xFE, 0xFF]))
    }

    @Test("Decimal strings never have more than 16 characters and stay near the number")
    func decimals() throws {
        for number in [0.1 + 0.2, -1.0 / 3, 1e-7 / 3, 12_345_678.901_234_567, -9.999_999_999_999_999_9e22, 1e300 / 7] {
            var dataSet = Self.minimal()
            dataSet.set(Self.probe, vr: .DS, .real(number))
            let file = try Part10Writer.encode(dataSet)
            let length = try file.count - Part10Writer.encode(Self.minimal()).count - 8
            #expect(length <= 16)
            let text = String(decoding: file.suffix(length), as: UTF8.self).filter { $0 != " " }
            let back = try #require(Double(text))
            #expect(abs(back - number) <= abs(number) * 1e-8)
        }
    }

    @Test("Items carry defined lengths and no character set that is not theirs any more")
    func sequence() throws {
        var item = DataSet()
        item.set(.specificCharacterSet, "ISO_IR 100")
        item.set(Self.probe, vr: .SH, "é")
        var dataSet = Self.minimal()
        dataSet.set(DICOMweb.Tag(0x0009, 0x1011), items: [item, DataSet()])
        let file = try Part10Writer.encode(dataSet)
        let expectedItem: [UInt8] =
            [0x08, 0x00, 0x05, 0x00, 0x43, 0x53, 0x0A, 0x00] + Array("ISO_IR 192".utf8)
            + [0x09, 0x00, 0x10, 0x10, 0x53, 0x48, 0x02, 0x00, 0xC3, 0xA9]
        let expected: [UInt8] =
            [0x09, 0x00, 0x11, 0x10, 0x53, 0x51, 0, 0, 44, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0, 28, 0, 0, 0]
            + expectedItem + [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]
        #expect(file.ends(with: expected))
    }

    @Test("Sequences nested beyond the limit are refused, at the limit they are written")
    func nesting() throws {
        func nested(_ depth: Int) -> DataSet {
            var dataSet = DataSet()
            for _ in 0..<depth {
                var outer = DataSet()
                outer.set(DICOMweb.Tag(0x0009, 0x1011), items: [dataSet])
                dataSet = outer
            }
            for entry in Self.minimal().entries { dataSet[entry.tag] = entry.element }
            return dataSet
        }
        #expect(throws: Never.self) { try Part10Writer.encode(nested(Part10Writer.nestingDepthMax)) }
        #expect(throws: Part10WriterError.self) { try Part10Writer.encode(nested(Part10Writer.nestingDepthMax + 1)) }
    }

    @Test("A frame becomes a fragment of even length behind a Basic Offset Table")
    func encapsulated() throws {
        var dataSet = Self.minimal()
        dataSet[.pixelData] = Element(vr: .OB, content: .bulkDataURI("bulkdata/7FE00010"))
        let file = try Part10Writer.encode(dataSet, transferSyntax: "1.2.840.10008.1.2.4.50") { uri in
            uri == "bulkdata/7FE00010" ? .frames([[1, 2, 3], [4, 5]]) : nil
        }
        let expected: [UInt8] =
            [0xE0, 0x7F, 0x10, 0x00, 0x4F, 0x42, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
            + [0xFE, 0xFF, 0x00, 0xE0, 8, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0]
            + [0xFE, 0xFF, 0x00, 0xE0, 4, 0, 0, 0, 1, 2, 3, 0, 0xFE, 0xFF, 0x00, 0xE0, 2, 0, 0, 0, 4, 5]
            + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
        #expect(file.ends(with: expected))
    }

    @Test("Native pixel data is written whole and padded")
    func native() throws {
        var dataSet = Self.minimal()
        dataSet[.pixelData] = Element(vr: .OW, content: .bulkDataURI("x"))
        let file = try Part10Writer.encode(dataSet, bulkData: { _ in [7, 8, 9] })
        #expect(file.ends(with: [0xE0, 0x7F, 0x10, 0x00, 0x4F, 0x57, 0, 0, 4, 0, 0, 0, 7, 8, 9, 0]))
    }

    @Test("The head for streamed pixels ends with the length of the pixels")
    func head() throws {
        let head = try Part10Writer.head(Self.minimal(), pixelVR: .OW, pixelBytes: 0x0102_0304)
        #expect(head.ends(with: [0xE0, 0x7F, 0x10, 0x00, 0x4F, 0x57, 0, 0, 4, 3, 2, 1]))
        #expect(throws: Part10WriterError.self) { try Part10Writer.head(Self.minimal(), pixelVR: .OW, pixelBytes: 3) }
    }

    @Test("Bulk data that nobody has, or of a broken length, is refused")
    func bulk() throws {
        var dataSet = Self.minimal()
        dataSet[Self.probe] = Element(vr: .OF, content: .bulkDataURI("x"))
        let missing = #expect(throws: Part10WriterError.self) { try Part10Writer.encode(dataSet) }
        #expect(missing?.code == .missingBulkData)
        let broken = #expect(throws: Part10WriterError.self) {
            try Part10Writer.encode(dataSet, bulkData: { _ in [1, 2, 3] })
        }
        #expect(broken?.code == .invalidValue)
        #expect(try Part10Writer.encode(dataSet, bulkData: { _ in [1, 2, 3, 4] }).ends(with: [1, 2, 3, 4]))
    }

    @Test(
        "A data set without identity is refused",
        arguments: [
            (DICOMweb.Tag.sopClassUID, Part10WriterError.Code.missingIdentity), (.sopInstanceUID, .missingIdentity),
        ]
    )
    func identity(removed: DICOMweb.Tag, expected: Part10WriterError.Code) throws {
        var dataSet = Self.minimal()
        dataSet.remove(removed)
        let error = #expect(throws: Part10WriterError.self) { try Part10Writer.encode(dataSet) }
        #expect(error?.code == expected)
        #expect(error?.tag == removed)
    }

    @Test("Delimiters and command elements are refused, file meta and group lengths left out")
    func foreignGroups() throws {
        for tag in [DICOMweb.Tag(0x0000, 0x0100), DICOMweb.Tag(0xFFFE, 0xE000), DICOMweb.Tag(0x0004, 0x1130)] {
            var dataSet = Self.minimal()
            dataSet.set(tag, vr: .US, 1)
            let error = #expect(throws: Part10WriterError.self) { try Part10Writer.encode(dataSet) }
            #expect(error?.code == .forbiddenTag)
        }
        var dataSet = Self.minimal()
        dataSet.set(DICOMweb.Tag(0x0002, 0x0016), vr: .AE, "SENDER")
        dataSet.set(DICOMweb.Tag(0x0008, 0x0000), vr: .UL, 99)
        #expect(try Part10Writer.encode(dataSet) == Part10Writer.encode(Self.minimal()))
    }

    @Test(
        "A transfer syntax that is not written is refused",
        arguments: ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", ""]
    )
    func transferSyntax(uid: String) throws {
        let error = #expect(throws: Part10WriterError.self) {
            try Part10Writer.encode(Self.minimal(), transferSyntax: uid)
        }
        #expect(error?.code == .unsupportedTransferSyntax)
    }

    private static let probe = DICOMweb.Tag(0x0009, 0x1010)

    private static func minimal() -> DataSet {
        var dataSet = DataSet()
        dataSet.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.7")
        dataSet.set(.sopInstanceUID, "2.25.1")
        return dataSet
    }
}

extension [UInt8] {
    fileprivate func ends(with tail: [UInt8]) -> Bool { self.suffix(tail.count).elementsEqual(tail) }
}
