import DICOMFiles
import DICOMweb
import Foundation
import TestSupport
import Testing

/// What the attributes say of the pixels against what there is: nothing beyond the pixel data is ever read.
@Suite("Descriptions of pixels that do not fit them")
struct PixelDescriptionTests {
    static let photometrics = [
        "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422",
        "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "",
    ]
    private static let side = 8

    @Test("every shape renders from whole pixels only", arguments: photometrics, [1, 2, 3, 4])
    func everyShape(photometric: String, samples: Int) throws {
        for bits in [1, 8, 16, 32] {
            let shape = SampleFile.Shape(
                rows: Self.side,
                columns: Self.side,
                samples: samples,
                bits: bits,
                photometric: photometric
            )
            let whole = Self.side * Self.side * samples * bits / 8
            let isSubsampled = samples == 3 && ["YBR_FULL_422", "YBR_PARTIAL_422"].contains(photometric)
            // What is half as large is said to be, and no form of it is read.
            let isReadable =
                (samples == 1 || (samples == 3 && bits > 1)) && !(samples == 3 && photometric == "YBR_PARTIAL_420")
                && !(samples == 3 && photometric == "YBR_PARTIAL_422" && bits != 8)
            let least = isSubsampled && bits == 8 ? whole / 3 * 2 : whole
            #expect(try Self.renders(shape, least - 2) == false, "\(photometric) \(samples) \(bits) short")
            #expect(try Self.renders(shape, whole / 2) == false, "\(photometric) \(samples) \(bits) half")
            #expect(try Self.renders(shape, least) == isReadable, "\(photometric) \(samples) \(bits) exact")
            #expect(try Self.renders(shape, whole + 64) == isReadable, "\(photometric) \(samples) \(bits) long")
        }
    }

    /// Whether the picture comes, in its full size.
    private static func renders(_ shape: SampleFile.Shape, _ byteCount: Int) throws -> Bool {
        var sample = SampleFile()
        sample.image(shape)
        self.addPalette(&sample)
        sample.bytes(0x7FE0_0010, shape.bits > 8 ? "OW" : "OB", [UInt8](repeating: 0x5A, count: byteCount))
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        _ = try? object.frame(1, as: .transferSyntax(TransferSyntaxes.runLength))
        for target in [TransferSyntaxes.runLength, TransferSyntaxes.jpeg2000Lossless, TransferSyntaxes.jpegBaseline] {
            try? object.transcode(to: target, outputPath: file.beside("out"))
        }
        do {
            let raster = try object.render(frame: 1)
            #expect(raster.bytes.count == shape.rows * shape.columns * raster.channels)
            return true
        } catch {
            #expect(error.code == .undecodable)
            return false
        }
    }

    private static func addPalette(_ sample: inout SampleFile) {
        for color in UInt32(1)...3 {
            sample.words(0x0028_1100 + color, [3, 0, 16])
            sample.words(0x0028_1200 + color, "OW", [0, 0x8000, 0xFFFF])
        }
    }

    @Test("one sample of shared colour is not read beyond its bytes, nor transcoded")
    func sharedColorOfOneSample() throws {
        var sample = SampleFile()
        sample.image(.init(rows: 1500, columns: 1500, photometric: "YBR_FULL_422"))
        sample.bytes(0x7FE0_0010, "OB", [UInt8](repeating: 0x80, count: 1_500_000))
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        #expect { try object.render(frame: 1) } throws: { ($0 as? DICOMFileError)?.code == .undecodable }
        #expect(throws: DICOMFileError.self) {
            try object.frame(1, as: .transferSyntax(TransferSyntaxes.runLength))
        }
    }

    @Test("a number of frames whose bits pass 64 bits is undecodable", arguments: [1, 8])
    func framesBeyondCounting(bits: Int) throws {
        var sample = SampleFile()
        sample.image(
            .init(rows: 65535, columns: 65535, samples: 4, bits: bits, frames: 2_147_483_647, photometric: "CMYK")
        )
        sample.bytes(0x7FE0_0010, "OB", [UInt8](repeating: 1, count: 64))
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        for number in [1, 2, 1 << 30, 2_147_483_647] {
            #expect(throws: DICOMFileError.self) { try object.frame(number, as: .asStored) }
            #expect(throws: DICOMFileError.self) { try object.render(frame: number) }
        }
    }

    @Test("random image attributes over little data end in a picture or an error", arguments: 1...4)
    func randomAttributes(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let folder = try TemporaryDirectory()
        let path = folder.path + "/sample"
        for _ in 0..<250 {
            let isBigEndian = Int.random(in: 0..<8, using: &generator) == 0
            let sample = Self.randomSample(isBigEndian, &generator)
            let syntax = isBigEndian ? "1.2.840.10008.1.2.2" : "1.2.840.10008.1.2.1"
            try Data(sample.file(transferSyntax: syntax)).write(to: URL(fileURLWithPath: path))
            guard let object = try? DICOMObject(path: path) else { continue }
            for number in 1...2 {
                if let raster = try? object.render(frame: number) {
                    #expect(raster.bytes.count == raster.width * raster.height * raster.channels)
                }
            }
            _ = try? object.bulkData("7FE00010")
            for target in [TransferSyntaxes.runLength, TransferSyntaxes.jpeg2000Lossless] {
                try? object.transcode(to: target, outputPath: path + ".out")
            }
        }
    }

    private static func randomSample(_ isBigEndian: Bool, _ generator: inout SeededGenerator) -> SampleFile {
        let small: [UInt16] = [0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 24, 31, 32, 64, 255, 256, 65535]
        func word() -> UInt16 { small.randomElement(using: &generator) ?? 0 }
        func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) } }

        var sample = SampleFile(.init(isBigEndian: isBigEndian))
        let photometric = Self.photometrics.randomElement(using: &generator) ?? ""
        sample.image(.init(samples: Int.random(in: 1...4, using: &generator), photometric: photometric))
        self.addPalette(&sample)
        let whole: [UInt32] = [
            0x0028_0002, 0x0028_0006, 0x0028_0010, 0x0028_0011, 0x0028_0100, 0x0028_0101, 0x0028_0102, 0x0028_0103,
            0x0028_0120, 0x0028_0121,
        ]
        for tag in whole where Bool.random(using: &generator) { sample.words(tag, [word()]) }
        for tag in UInt32(0x0028_1050)...0x0028_1053 where Bool.random(using: &generator) {
            let value = ["0", "1", "-1", "1e308", "-1e308", "x", "4096"].randomElement(using: &generator) ?? ""
            sample.text(tag, "DS", value)
        }
        for color in UInt32(1)...3 where Int.random(in: 0..<4, using: &generator) == 0 {
            sample.bytes(0x0028_1100 + color, Bool.random(using: &generator) ? "FD" : "US", bytes(24))
            sample.bytes(0x0028_1200 + color, "OW", bytes(Int.random(in: 0...9, using: &generator)))
            sample.words(0x0028_1220 + color, "OW", (0..<24).map { _ in word() })
        }
        let pixels: (UInt32, String) =
            [(0x7FE0_0010, "OW"), (0x7FE0_0010, "OB"), (0x7FE0_0008, "OF"), (0x7FE0_0009, "OD")]
            .randomElement(using: &generator) ?? (0, "OB")
        sample.bytes(pixels.0, pixels.1, bytes(Int.random(in: 0...300, using: &generator)))
        return sample
    }
}
