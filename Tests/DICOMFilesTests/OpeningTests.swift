import DICOMFiles
import DICOMweb
import Foundation
import TestSupport
import Testing

@Suite("Opening a file")
struct OpeningTests {
    private func code(_ bytes: [UInt8]) throws -> DICOMFileError.Code? {
        let file = try StoredFile(bytes)
        do {
            _ = try DICOMObject(path: file.path)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("reads the UIDs and the transfer syntax")
    func identity() throws {
        let file = try StoredFile(SampleFile().file())
        let identity = try DICOMObject(path: file.path).identity
        #expect(identity.sopClassUID == SampleFile.sopClass)
        #expect(identity.sopInstanceUID.rawValue == "1.2.3.4")
        #expect(identity.studyInstanceUID.rawValue == "1.2.3")
        #expect(identity.seriesInstanceUID.rawValue == "1.2.3.1")
        #expect(identity.transferSyntaxUID == "1.2.840.10008.1.2.1")
    }

    @Test(
        "takes a data set without preamble and meta information, in each encoding",
        arguments: [
            (false, false, "1.2.840.10008.1.2.1"), (true, false, "1.2.840.10008.1.2"),
            (false, true, "1.2.840.10008.1.2.2"),
        ]
    )
    func bareDataSet(isImplicit: Bool, isBigEndian: Bool, transferSyntax: String) throws {
        let sample = SampleFile(.init(isImplicit: isImplicit, isBigEndian: isBigEndian))
        let file = try StoredFile(sample.dataSet)
        let identity = try DICOMObject(path: file.path).identity
        #expect(identity.studyInstanceUID.rawValue == "1.2.3")
        #expect(identity.transferSyntaxUID == transferSyntax)
    }

    @Test("takes meta information without preamble")
    func withoutPreamble() throws {
        let file = try StoredFile(Array(SampleFile().file().dropFirst(132)))
        #expect(try DICOMObject(path: file.path).identity.studyInstanceUID.rawValue == "1.2.3")
    }

    @Test(
        "believes the bytes where the stated transfer syntax is wrong",
        arguments: [
            (true, "1.2.840.10008.1.2.1"), (false, "1.2.840.10008.1.2"),
        ]
    )
    func wrongTransferSyntax(isImplicit: Bool, stated: String) throws {
        let file = try StoredFile(SampleFile(.init(isImplicit: isImplicit)).file(transferSyntax: stated))
        #expect(try DICOMObject(path: file.path).identity.studyInstanceUID.rawValue == "1.2.3")
    }

    @Test(
        "tells what is not DICOM",
        arguments: [
            [], [0x44], Array("Dear colleague,\nplease find enclosed".utf8), [UInt8](repeating: 0, count: 4096),
            [UInt8](repeating: 0xFF, count: 300), Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 7, count: 200),
        ]
    )
    func notDICOM(bytes: [UInt8]) throws {
        #expect(try self.code(bytes) == .notDICOM)
    }

    @Test("refuses a folder and a missing file")
    func noFile() throws {
        let folder = try TemporaryDirectory()
        #expect { try DICOMObject(path: folder.path) } throws: { ($0 as? DICOMFileError)?.code == .notDICOM }
        #expect { try DICOMObject(path: folder.path + "/x") } throws: { ($0 as? DICOMFileError)?.code == .io }
    }

    static let badUIDs: [(UInt32, String?, DICOMFileError.Code)] = [
        (0x0008_0018, nil, .missingIdentity), (0x0020_000D, "", .missingIdentity),
        (0x0020_000E, "1.2.x", .invalidIdentity), (0x0020_000D, "1..2", .invalidIdentity),
        (0x0008_0016, "../etc", .invalidIdentity), (0x0008_0016, "1.2\r\nX-A: b", .invalidIdentity),
        (0x0008_0016, String(repeating: "1", count: 66), .invalidIdentity),
    ]

    @Test("names the UID that is missing or malformed", arguments: badUIDs)
    func badIdentity(tag: UInt32, value: String?, expected: DICOMFileError.Code) throws {
        var sample = SampleFile(hasIdentity: false)
        for (other, vr, text) in SampleFile.identity where other != tag { sample.text(other, vr, text) }
        if let value { sample.text(tag, "UI", value) }
        let file = try StoredFile(sample.file())
        #expect {
            try DICOMObject(path: file.path)
        } throws: {
            let error = $0 as? DICOMFileError
            return error?.code == expected && error?.tag == Tag(tag)
        }
    }

    @Test(
        "a stated transfer syntax that is no UID is refused, its padding is not",
        arguments: [
            ("1.2.840.10008.1.2.1\r\nX-A: b", DICOMFileError.Code.invalidIdentity), ("1.2.840.\n1", .invalidIdentity),
            ("1.2.840.10008.1.2.1; x=y", .invalidIdentity), ("1.2.840.10008.1.2.1\0\rx", .invalidIdentity),
            ("1." + String(repeating: "1", count: 64), .invalidIdentity), ("1.2.840.10008.1.2.1 ", nil),
            ("1.2.840.10008.1.2.1\0\0", nil), ("1.2.3.4.5.6", nil), ("1." + String(repeating: "1", count: 62), nil),
        ]
    )
    func transferSyntaxText(stated: String, expected: DICOMFileError.Code?) throws {
        let file = try StoredFile(SampleFile().file(transferSyntax: stated))
        let expectedTag = expected == nil ? nil : Tag.transferSyntaxUID
        do {
            let uid = try DICOMObject(path: file.path).identity.transferSyntaxUID
            #expect(expected == nil)
            #expect(uid == stated.trimmingCharacters(in: CharacterSet(charactersIn: " \0")))
        } catch {
            #expect(error.code == expected)
            #expect(error.tag == expectedTag)
        }
    }

    @Test("every cut of a file is truncated, or still whole at an element's end")
    func everyCut() throws {
        var sample = SampleFile()
        sample.image(.init())
        sample.bytes(0x7FE0_0010, "OB", [1, 2, 3, 4])
        let whole = sample.file()
        let head = SampleFile.head(transferSyntax: "1.2.840.10008.1.2.1").count
        for length in head + 1..<whole.count - 16 {
            let outcome = try self.code(Array(whole[..<length]))
            #expect(outcome == .truncated || outcome == .missingIdentity || outcome == nil, "cut at \(length)")
        }
        #expect(try self.code(Array(whole.dropLast())) == .truncated)
    }

    @Test(
        "a length that lies is truncated, whatever it claims",
        arguments: [
            UInt32(5), 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE,
        ]
    )
    func lyingLength(claimed: UInt32) throws {
        var sample = SampleFile()
        let length = (0..<4).map { UInt8(truncatingIfNeeded: claimed >> (8 * UInt32($0))) }
        sample.raw(0x7FE0_0010, [0xE0, 0x7F, 0x10, 0] + Array("OB".utf8) + [0, 0] + length + [1, 2])
        #expect(try self.code(sample.file()) == .truncated)
    }

    @Test(
        "nesting is read to 64 levels and refused beyond, however deep",
        arguments: [
            (60, Optional<DICOMFileError.Code>.none), (70, .tooLarge), (100_000, .tooLarge),
        ]
    )
    func nesting(depth: Int, expected: DICOMFileError.Code?) throws {
        let open: [UInt8] =
            [0x40, 0, 0x30, 0xA7] + Array("SQ".utf8) + [0, 0, 255, 255, 255, 255]
            + [0xFE, 0xFF, 0x00, 0xE0, 255, 255, 255, 255]
        let close: [UInt8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
        var sample = SampleFile()
        let nested = (0..<depth).flatMap { _ in open } + (0..<depth).flatMap { _ in close }
        sample.raw(0x0040_A730, nested)
        #expect(try self.code(sample.file()) == expected)
        if expected == nil {
            let file = try StoredFile(sample.file())
            #expect(try DICOMObject(path: file.path).json(.all).count > depth * 20)
        }
    }

    @Test("an unterminated sequence is truncated")
    func unterminatedSequence() throws {
        var sample = SampleFile()
        sample.raw(0x0040_A730, [0x40, 0, 0x30, 0xA7] + Array("SQ".utf8) + [0, 0, 255, 255, 255, 255])
        #expect(try self.code(sample.file()) == .truncated)
    }

    @Test("zeros after the data set are padding, anything else is not")
    func trailingBytes() throws {
        #expect(try self.code(SampleFile().file() + [0, 0, 0]) == nil)
        #expect(try self.code(SampleFile().file() + [UInt8](repeating: 0, count: 512)) == nil)
        #expect(try self.code(SampleFile().file() + [1, 2, 3]) == .truncated)
    }

    @Test("tells a DICOMDIR, an object and other files apart")
    func kinds() throws {
        let directory = SampleFile.head(transferSyntax: "1.2.840.10008.1.2.1", sopClass: "1.2.840.10008.1.3.10")
        let first = try StoredFile(directory)
        #expect(try DICOMFileKind.of(path: first.path) == .directory)
        let second = try StoredFile(SampleFile().file())
        guard case .object(let identity) = try DICOMFileKind.of(path: second.path) else {
            Issue.record("no object")
            return
        }
        #expect(identity.sopInstanceUID.rawValue == "1.2.3.4")
        let third = try StoredFile(Array("text".utf8))
        #expect(try DICOMFileKind.of(path: third.path) == .notDICOM)
        let fourth = try StoredFile(SampleFile(hasIdentity: false).file() + [1])
        guard case .faulty(let error) = try DICOMFileKind.of(path: fourth.path) else {
            Issue.record("no fault")
            return
        }
        #expect(error.code == .truncated)
    }

    @Test("an error's text holds numbers, never a value")
    func errorText() {
        let error = DICOMFileError(.truncated, tag: .patientName, offset: 12)
        #expect("\(error)" == "DICOMFileError.truncated tag 00100010 offset 12")
    }
}
