import DICOMFiles
import DICOMweb
import Testing

@Suite("DICOM JSON of a file")
struct JSONTests {
    private func json(_ sample: SampleFile, _ tags: [UInt32]) throws -> String {
        let file = try StoredFile(sample.file())
        let bytes = try DICOMObject(path: file.path).json(.only(tags.map { Tag($0) }))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func element(_ tag: UInt32, _ vr: String, _ value: [UInt8]) throws -> String {
        var sample = SampleFile()
        sample.bytes(tag, vr, value, padding: 0x20)
        return try self.json(sample, [tag])
    }

    @Test(
        "text values are split and trimmed; empty ones are null; nothing at all has no value",
        arguments: [
            ("CS", "ORIGINAL\\PRIMARY ", #","Value":["ORIGINAL","PRIMARY"]"#),
            ("LO", " a \\\\ b", #","Value":["a",null,"b"]"#),
            ("LO", "   ", ""), ("LO", "", ""), ("LO", "\\", ""),
            ("LT", " first\\second ", #","Value":[" first\\second"]"#),
            ("ST", "a\r\nb\u{7}\"", #","Value":["a\r\nb\u0007\""]"#),
            ("UR", "http://x/\\y", #","Value":["http://x/\\y"]"#),
            ("DA", "20260105", #","Value":["20260105"]"#),
            ("UI", "1.2.3\u{0}", #","Value":["1.2.3"]"#),
        ]
    )
    func text(vr: String, value: String, expected: String) throws {
        #expect(try self.element(0x0018_9999, vr, Array(value.utf8)) == "{\"00189999\":{\"vr\":\"\(vr)\"\(expected)}}")
    }

    @Test(
        "decimal and integer strings are numbers where they are, text where they are not",
        arguments: [
            ("DS", "1.50\\-.5\\+3\\007.\\1E+3", "1.50,-0.5,3,7,1e3"),
            ("DS", "-0\\00.10\\0", "-0,0.10,0"),
            ("DS", "1,5\\1e999\\NaN\\--1\\1.2.3\\.\\e5", #""1,5","1e999","NaN","--1","1.2.3",".","e5""#),
            ("DS", " 7 \\", "7,null"),
            ("IS", "12\\-3\\+004", "12,-3,4"),
            ("IS", "1.0\\x\\1e2\\9999999999999999999", #""1.0","x","1e2","9999999999999999999""#),
        ]
    )
    func numbersAsText(vr: String, value: String, expected: String) throws {
        let json = try self.element(0x0018_9999, vr, Array(value.utf8))
        #expect(json == "{\"00189999\":{\"vr\":\"\(vr)\",\"Value\":[\(expected)]}}")
    }

    @Test(
        "binary numbers and tags",
        arguments: [
            ("US", [1, 0, 255, 255], "1,65535"), ("SS", [255, 255, 0, 128], "-1,-32768"),
            ("UL", [255, 255, 255, 255], "4294967295"), ("SL", [254, 255, 255, 255], "-2"),
            ("UV", [1, 0, 0, 0, 0, 0, 0, 0], "1"), ("UV", [0, 0, 0, 0, 0, 0, 0, 128], "\"9223372036854775808\""),
            ("SV", [255, 255, 255, 255, 255, 255, 255, 255], "-1"),
            ("FL", [0xCD, 0xCC, 0xCC, 0x3D], "0.1"), ("FD", [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F], "0.1"),
            ("AT", [0x10, 0, 0x10, 0, 0xFE, 0xFF, 0x00, 0xE0], #""00100010","FFFEE000""#),
        ]
    )
    func binaryNumbers(vr: String, value: [UInt8], expected: String) throws {
        let json = try self.element(0x0018_9999, vr, value)
        #expect(json == "{\"00189999\":{\"vr\":\"\(vr)\",\"Value\":[\(expected)]}}")
    }

    @Test("what JSON has no number for goes as bytes")
    func notANumber() throws {
        let json = try self.element(0x0018_9999, "FL", [0, 0, 0xC0, 0x7F])
        #expect(json == #"{"00189999":{"vr":"FL","InlineBinary":"AADAfw=="}}"#)
    }

    @Test(
        "a person's name in its component groups",
        arguments: [
            ("Yamada^Tarou=A^B=C^D", #"{"Alphabetic":"Yamada^Tarou","Ideographic":"A^B","Phonetic":"C^D"}"#),
            ("Doe^John ", #"{"Alphabetic":"Doe^John"}"#), ("==X", #"{"Phonetic":"X"}"#),
            ("A\\\\B=C", #"{"Alphabetic":"A"},null,{"Alphabetic":"B","Ideographic":"C"}"#), ("=", "{}"),
        ]
    )
    func personName(value: String, expected: String) throws {
        let json = try self.element(0x0010_0010, "PN", Array(value.utf8))
        #expect(json == "{\"00100010\":{\"vr\":\"PN\",\"Value\":[\(expected)]}}")
    }

    @Test(
        "small binary values are inline, bulk data has a relative address",
        arguments: [
            ("OF", 2048, false), ("OF", 2052, true), ("OD", 2048, false), ("OL", 4096, true), ("OV", 2056, true),
            ("OB", 2, true), ("OW", 2, true), ("UN", 2, true), ("US", 1024, false), ("US", 1026, true),
            ("FD", 4096, false), ("FD", 4104, true), ("AT", 2048, false), ("AT", 2052, true),
        ]
    )
    func bulkThresholds(vr: String, count: Int, isBulk: Bool) throws {
        let json = try self.element(0x0018_9999, vr, [UInt8](repeating: 0, count: count))
        let address = "{\"00189999\":{\"vr\":\"\(vr)\",\"BulkDataURI\":\"bulkdata/00189999\"}}"
        #expect((json == address) == isBulk)
    }

    @Test("bulk data in an item carries the way to it, and the way leads there")
    func nestedBulk() throws {
        var first = SampleFile(hasIdentity: false)
        first.text(0x0008_1150, "UI", "1.2")
        var second = first
        second.bytes(0x0042_0011, "OB", [1, 2, 3, 4])
        var sample = SampleFile()
        sample.sequence(0x0008_1140, [first, second])
        #expect(try self.json(sample, [0x0008_1140]).contains(#""BulkDataURI":"bulkdata/00081140/1/00420011""#))

        let file = try StoredFile(sample.file())
        let data = try DICOMObject(path: file.path).bulkData("00081140/1/00420011")
        #expect(try file.bytes(data) == [1, 2, 3, 4])
    }

    @Test("all elements: tags ascend, group 0002 comes first, lengths and padding are left out")
    func everything() throws {
        var sample = SampleFile()
        sample.bytes(0x0008_0000, "UL", [0, 0, 0, 0])
        sample.bytes(0xFFFC_FFFC, "OB", [0, 0])
        sample.bytes(0x0009_1001, "XY", [])
        sample.text(0x0009_0010, "LO", "MAKER")
        sample.sequence(0x0040_0275, [])
        let file = try StoredFile(sample.file())
        let json = String(decoding: try DICOMObject(path: file.path).json(.all), as: UTF8.self)
        // In the order of the text: no value of this file looks like a tag.
        let tags = json.split(separator: "\"").map(String.init).filter { $0.count == 8 && Tag(hex: $0) != nil }
        #expect(
            tags == [
                "00020001", "00020002", "00020003", "00020010", "00080016", "00080018", "00090010", "00091001",
                "0020000D", "0020000E", "00400275",
            ]
        )
        #expect(json.contains(#""00400275":{"vr":"SQ"}"#))
        #expect(json.contains(#""00090010":{"vr":"LO","Value":["MAKER"]}"#))
    }

    @Test("the character set is called what the text is, and stated where the file forgot it")
    func characterSet() throws {
        var sample = SampleFile()
        sample.bytes(0x0010_0010, "PN", [0xE9, 0x20])
        let file = try StoredFile(sample.file())
        let json = String(decoding: try DICOMObject(path: file.path).json(.all), as: UTF8.self)
        #expect(
            json.contains(
                #""00020010":{"vr":"UI","Value":["1.2.840.10008.1.2.1"]},"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00080016""#
            )
        )
        sample.bytes(0x0010_0010, "PN", [0x41, 0x20])
        let plain = try StoredFile(sample.file())
        #expect(!String(decoding: try DICOMObject(path: plain.path).json(.all), as: UTF8.self).contains("00080005"))
    }

    @Test("elements out of order are sorted, of two with one tag the first counts")
    func disorder() throws {
        var late = SampleFile(hasIdentity: false)
        late.text(0x0010_0020, "LO", "LATE")
        var sample = SampleFile()
        sample.text(0x0010_0020, "LO", "FIRST")
        let bytes = sample.file() + late.dataSet + SampleFile(hasIdentity: false).dataSet
        let file = try StoredFile(bytes)
        let object = try DICOMObject(path: file.path)
        #expect(object.strings(.patientID) == ["FIRST"])
        let json = String(decoding: try object.json(.only([.patientID])), as: UTF8.self)
        #expect(json == #"{"00100020":{"vr":"LO","Value":["FIRST"]}}"#)
    }

    @Test("unknown representations: a known tag has its own, a sequence inside is opened")
    func unknown() throws {
        var item = SampleFile(.init(isImplicit: true), hasIdentity: false)
        item.text(0x0010_0020, "LO", "ID")
        var list = SampleFile(.init(isImplicit: true), hasIdentity: false)
        list.sequence(0x0009_1002, [item])
        var sample = SampleFile()
        sample.bytes(0x0010_0020, "UN", Array("ID7 ".utf8))
        sample.bytes(0x0009_1002, "UN", Array(list.dataSet.dropFirst(8)))
        sample.bytes(0x0009_1003, "UN", [0xFE, 0xFF, 0x00, 0xE0, 9, 0, 0, 0])
        let json = try self.json(sample, [0x0010_0020, 0x0009_1002, 0x0009_1003])
        #expect(
            json == #"{"00091002":{"vr":"SQ","Value":[{"00100020":{"vr":"LO","Value":["ID"]}}]},"#
                + #""00091003":{"vr":"UN","BulkDataURI":"bulkdata/00091003"},"#
                + #""00100020":{"vr":"LO","Value":["ID7"]}}"#
        )
    }

    @Test(
        "implicit data sets: the dictionary and the pixel representation decide",
        arguments: [
            (true, "SS", "-1"), (false, "US", "65535"),
        ]
    )
    func ambiguous(isSigned: Bool, vr: String, value: String) throws {
        var sample = SampleFile(.init(isImplicit: true))
        sample.image(.init(isSigned: isSigned))
        sample.words(0x0028_0106, [0xFFFF])
        let file = try StoredFile(sample.file(transferSyntax: "1.2.840.10008.1.2"))
        let json = try DICOMObject(path: file.path).json(.only([Tag(0x0028_0106)]))
        #expect(String(decoding: json, as: UTF8.self) == "{\"00280106\":{\"vr\":\"\(vr)\",\"Value\":[\(value)]}}")
    }

    @Test("a sequence beyond 1 MiB is left out and named")
    func dropped() throws {
        var item = SampleFile(hasIdentity: false)
        item.bytes(0x0042_0011, "OB", [UInt8](repeating: 1, count: 600_000))
        var sample = SampleFile()
        sample.sequence(0x0008_1140, [item])
        sample.sequence(0x0008_1150, [item, item])
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        #expect(try object.droppedTags() == [Tag(0x0008_1150)])
        let json = String(decoding: try object.json(.all), as: UTF8.self)
        #expect(json.contains("00081140"))
        #expect(!json.contains("00081150"))
    }
}
