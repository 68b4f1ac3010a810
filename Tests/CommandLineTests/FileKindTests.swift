import Testing

@testable import collimator

@Suite("What a file is")
struct FileKindTests {
    private static let preamble = [UInt8](repeating: 0, count: 128)

    private static func file(sopClass: String, preamble: [UInt8] = Self.preamble) -> [UInt8] {
        let value = Array(sopClass.utf8) + (sopClass.utf8.count % 2 == 0 ? [] : [0])
        return preamble + Array("DICM".utf8) + [2, 0, 0, 0] + Array("UL".utf8) + [4, 0, 90, 0, 0, 0]
            + [2, 0, 2, 0] + Array("UI".utf8) + [UInt8(value.count), 0] + value + [8, 0, 5, 0]
    }

    @Test("is told by its content")
    func kinds() {
        #expect(FileKind(prefix: Self.file(sopClass: "1.2.840.10008.5.1.4.1.1.2")) == .dicom)
        #expect(FileKind(prefix: Self.file(sopClass: "1.2.840.10008.1.3.10")) == .dicomDirectory)
        #expect(FileKind(prefix: [0x50, 0x4B, 3, 4, 20, 0]) == .zip)
        #expect(FileKind(prefix: [0x50, 0x4B, 5, 6, 0, 0]) == .zip)
        #expect(FileKind(prefix: Array("%PDF-1.7 and so on, long enough".utf8)) == .other)
        #expect(FileKind(prefix: Array("\u{FF}\u{D8}\u{FF}".utf8)) == .other)
        #expect(FileKind(prefix: []) == .other)
    }

    @Test("the preamble may hold anything, also what looks like another format")
    func preambleOfAnotherFormat() {
        var preamble = Self.preamble
        preamble.replaceSubrange(0..<4, with: [0x49, 0x49, 0x2A, 0x00])
        #expect(FileKind(prefix: Self.file(sopClass: "1.2.840.10008.5.1.4.1.1.2", preamble: preamble)) == .dicom)
    }

    @Test("DICM in another place is none")
    func misplaced() {
        #expect(FileKind(prefix: Array("DICM".utf8) + Self.preamble) == .other)
        #expect(FileKind(prefix: Self.preamble + Array("DIC".utf8)) == .other)
        #expect(FileKind(prefix: Self.preamble + Array("dicm".utf8)) == .other)
    }

    @Test("old files without a preamble are DICOM too")
    func withoutPreamble() {
        let explicit: [UInt8] = [8, 0, 5, 0] + Array("CS".utf8) + [10, 0] + Array("ISO_IR 100".utf8)
        let implicit: [UInt8] = [8, 0, 5, 0, 10, 0, 0, 0] + Array("ISO_IR 100".utf8)
        let odd: [UInt8] = [8, 0, 5, 0, 11, 0, 0, 0] + Array("ISO_IR 100 ".utf8)
        let huge: [UInt8] = [8, 0, 5, 0, 0, 0, 0, 0x7F] + Array("ISO_IR 100".utf8)
        #expect(FileKind(prefix: explicit) == .dicom)
        #expect(FileKind(prefix: implicit) == .dicom)
        #expect(FileKind(prefix: odd) == .other)
        #expect(FileKind(prefix: huge) == .other)
        #expect(FileKind(prefix: Array(explicit.prefix(12))) == .other)
    }
}
