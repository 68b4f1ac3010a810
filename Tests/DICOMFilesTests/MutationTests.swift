import DICOMFiles
import DICOMweb
import Foundation
import TestSupport
import Testing

/// Damaged files end in an answer or an error, never in a crash or a hang.
@Suite("Damaged files")
struct MutationTests {
    static let syntaxes = [
        TransferSyntaxes.explicitVRLittleEndian, TransferSyntaxes.implicitVRLittleEndian,
        TransferSyntaxes.deflatedExplicitVRLittleEndian, TransferSyntaxes.runLength, TransferSyntaxes.jpegBaseline,
        TransferSyntaxes.jpegLosslessFirstOrder, TransferSyntaxes.jpegLSLossless, TransferSyntaxes.jpeg2000Lossless,
        TransferSyntaxes.deflatedImageFrame,
    ]

    @Test("survive reading, rendering and transcoding", arguments: syntaxes)
    func survive(transferSyntax: String) throws {
        let seeds = try self.seeds(transferSyntax)
        var generator = SeededGenerator(seed: transferSyntax.utf8.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) })
        let folder = try TemporaryDirectory()
        let path = folder.path + "/damaged"
        for _ in 0..<120 {
            var bytes = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) { Self.damage(&bytes, &generator) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            Self.exercise(path)
        }
    }

    private func seeds(_ transferSyntax: String) throws -> [[UInt8]] {
        try [8, 16].compactMap { bits in
            var item = SampleFile(hasIdentity: false)
            item.text(0x0010_0010, "PN", "A^B")
            var sample = SampleFile()
            sample.image(.init(rows: 12, columns: 12, bits: bits, stored: bits == 8 ? 8 : 12, frames: 2))
            sample.text(0x0008_0005, "CS", "\\ISO 2022 IR 87")
            sample.sequence(0x0008_1140, [item, item])
            sample.text(0x0028_1050, "DS", "40")
            sample.text(0x0028_1051, "DS", "400")
            let pixels = (0..<288).map { UInt8(truncatingIfNeeded: $0 * 3) }
            let wide = pixels.flatMap { [$0, $0 % 16] }
            sample.bytes(0x7FE0_0010, bits == 8 ? "OB" : "OW", bits == 8 ? pixels : wide)
            let file = try StoredFile(sample.file())
            let object = try DICOMObject(path: file.path)
            guard object.canTranscode(to: transferSyntax) else { return nil }
            let target = file.beside("seed")
            try object.transcode(to: transferSyntax, outputPath: target)
            return try StoredFile.read(target)
        }
    }

    private static func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let at = Int.random(in: 132..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: for i in at..<min(at + 4, bytes.count) { bytes[i] = 0xFF }
        case 3: for i in at..<min(at + 4, bytes.count) { bytes[i] = 0 }
        case 4: bytes.removeLast(min(bytes.count - 140, Int.random(in: 1...200, using: &generator)))
        default: bytes.insert(contentsOf: bytes[at..<min(at + 9, bytes.count)], at: at)
        }
    }

    /// Calls everything; what fails may fail.
    private static func exercise(_ path: String) {
        guard let object = try? DICOMObject(path: path) else { return }
        if let json = try? object.json(.all) {
            #expect(throws: Never.self) { try DICOMJSON.dataSet(from: json) }
        }
        _ = object.strings(.patientName)
        _ = try? object.bulkData("7FE00010")
        _ = try? object.droppedTags()
        for number in 1...2 {
            _ = try? object.frame(number, as: .asStored)
            if let raster = try? object.render(frame: number) {
                #expect(raster.bytes.count == raster.width * raster.height * raster.channels)
            }
        }
        for target in [TransferSyntaxes.explicitVRLittleEndian, TransferSyntaxes.jpeg2000Lossless] {
            try? object.transcode(to: target, outputPath: path + ".out")
        }
    }
}
