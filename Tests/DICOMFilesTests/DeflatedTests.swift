import DICOMFiles
import Foundation
import Testing

@Suite("Deflated files and full disks")
struct DeflatedTests {
    private static let deflated = TransferSyntaxes.deflatedExplicitVRLittleEndian

    /// Opens a picture of so many megabytes after it was deflated.
    private func open(megabytes: Int, of megabyte: [UInt8]) throws -> DICOMFileError.Code? {
        var pixels: [UInt8] = []
        for _ in 0..<megabytes { pixels += megabyte }
        var sample = SampleFile()
        sample.image(.init(rows: megabytes, columns: 1 << 15, samples: 1, frames: 32))
        sample.bytes(0x7FE0_0010, "OB", pixels)
        let file = try StoredFile(sample.file())
        let target = file.beside("deflated")
        try DICOMObject(path: file.path).transcode(to: Self.deflated, outputPath: target)
        do {
            _ = try DICOMObject(path: target)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("what grows a thousandfold is refused beyond 64 MiB, what holds something is not")
    func bombs() throws {
        let nothing = [UInt8](repeating: 0, count: 1 << 20)
        // Longer than what deflate remembers.
        let something = (0..<1 << 20).map { UInt8(truncatingIfNeeded: ($0 &* $0) >> 7) }
        #expect(try self.open(megabytes: 65, of: nothing) == .tooLarge)
        #expect(try self.open(megabytes: 16, of: nothing) == nil)
        #expect(try self.open(megabytes: 65, of: something) == nil)
    }

    @Test("a full disk has a code of its own")
    func fullDisk() throws {
        var sample = SampleFile()
        sample.image(.init())
        sample.bytes(0x7FE0_0010, "OB", [1, 2, 3, 4])
        let file = try StoredFile(sample.file())
        let full = file.beside("full")
        try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
        let object = try DICOMObject(path: file.path)
        #expect {
            try object.transcode(to: Self.deflated, outputPath: full)
        } throws: {
            ($0 as? DICOMFileError)?.code == .diskFull
        }
        #expect {
            try object.transcode(to: Self.deflated, outputPath: file.beside("no/folder"))
        } throws: {
            ($0 as? DICOMFileError)?.code == .io
        }
    }
}
