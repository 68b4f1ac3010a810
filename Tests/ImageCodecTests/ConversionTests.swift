import TestSupport
import Testing

@testable import ImageCodec

@Suite("ImageEncoder.convert")
struct ConversionTests {
    private let encoder = ImageEncoder(threads: 2)

    private func file(_ width: Int, _ height: Int, channels: Int = 1, as format: ImageFormat = .png) async throws
        -> [UInt8]
    {
        let bytes = (0..<(width * height * channels)).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let raster = try Raster(width: width, height: height, channels: channels, bytes: bytes)
        return try await self.encoder.encode(raster, as: format)
    }

    @Test("each of the three kinds becomes each of them", arguments: [1, 3])
    func kinds(channels: Int) async throws {
        let formats: [ImageFormat] = [.jpeg(quality: 80), .png, .webp(quality: 80)]
        for source in formats {
            let file = try await self.file(40, 30, channels: channels, as: source)
            for target in formats {
                let made = try await self.encoder.convert(file, to: target)
                #expect(made.width == 40 && made.height == 30)
                #expect(ImageFormat.Kind(ofFile: made.bytes) == target.kind)
            }
        }
    }

    @Test(
        "a picture fits its box, never enlarged and never of no size",
        arguments: [
            (200, 100, 64, 64, 32), (30, 20, 64, 30, 20), (1, 1, 64, 1, 1), (1, 16_000, 256, 1, 256),
            (16_000, 1, 256, 256, 1), (64, 64, 64, 64, 64),
        ]
    )
    func sizes(width: Int, height: Int, edge: Int, outWidth: Int, outHeight: Int) async throws {
        let file = try await self.file(width, height)
        let box = PixelBox(width: edge, height: edge, policy: .shrinkOnly)
        let made = try await self.encoder.convert(file, to: .webp(quality: 80), Reshaping(box: box))
        #expect(made.width == outWidth && made.height == outHeight)
    }

    @Test("pixels that are not square become so, unless somebody made them so before")
    func aspect() async throws {
        let file = try await self.file(100, 100)
        let wide = try await self.encoder.convert(file, to: .png, Reshaping(displayAspect: 2))
        #expect(wide.width == 100 && wide.height == 50)
        let high = try await self.encoder.convert(file, to: .png, Reshaping(displayAspect: 0.5))
        #expect(high.width == 50 && high.height == 100)
        let done = try await self.encoder.convert(wide.bytes, to: .png, Reshaping(displayAspect: 2))
        #expect(done.width == 100 && done.height == 50)
    }

    @Test("a part is cut out before it is scaled")
    func region() async throws {
        let file = try await self.file(100, 80)
        let region = try #require(PixelRegion(left: 0.5, top: 0.25, right: 1, bottom: 1))
        let made = try await self.encoder.convert(file, to: .png, Reshaping(region: region))
        #expect(made.width == 50 && made.height == 60)
        #expect(PixelRegion(left: 0.5, top: 0, right: 0.5, bottom: 1) == nil)
        #expect(PixelRegion(left: -0.1, top: 0, right: 1, bottom: 1) == nil)
    }

    @Test("what is no whole picture is refused: text, other kinds, half of one, and noise behind a signature")
    func notPictures() async throws {
        var files = ["<html><body>not found</body></html>", "GIF89a", "<svg xmlns='http://www.w3.org/2000/svg'/>", ""]
            .map { Array($0.utf8) }
        for format: ImageFormat in [.jpeg(quality: 90), .png, .webp(quality: 90)] {
            let whole = try await self.file(300, 300, channels: 3, as: format)
            files.append(Array(whole.prefix(whole.count / 2)))
            files.append(Array(whole.prefix(24)) + (0..<500).map { UInt8(truncatingIfNeeded: $0 * 37) })
        }
        for (index, file) in files.enumerated() {
            await #expect(throws: ImageCodecError.invalidFile, "file \(index)") {
                try await self.encoder.convert(file, to: .png)
            }
        }
    }

    @Test("a PNG that claims more pixels than the limit is refused before any is decoded")
    func bomb() async throws {
        var file = try await self.file(8, 8)
        // The header's sides, big-endian; the checksum is wrong then, and either answer refuses it.
        file.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])
        do {
            _ = try await self.encoder.convert(file, to: .png)
            Issue.record("a picture came of it")
        } catch {
            #expect([.tooLarge, .invalidFile].contains(error))
        }
    }

    @Test("pictures made smaller side by side on many threads end nothing, and no code for vectors is made for them")
    func sideBySide() async throws {
        let encoder = ImageEncoder(threads: 4)
        let files = [try await self.file(160, 120), try await self.file(110, 150, channels: 3)]
        let made = try await withThrowingTaskGroup(of: EncodedPicture.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let box = Reshaping(box: PixelBox(width: 8 + number, height: 8 + number))
                    return try await encoder.convert(files[number % 2], to: .webp(quality: 80), box)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(made.count == 64)
        #expect(!VipsLibrary.makesVectorCode)
    }
}
