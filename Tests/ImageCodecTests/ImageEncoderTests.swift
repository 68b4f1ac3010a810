import TestSupport
import Testing

@testable import ImageCodec

@Suite("ImageEncoder")
struct ImageEncoderTests {
    private let encoder = ImageEncoder(threads: 2)

    @Test("JPEG, PNG and WebP begin with their signatures and hold the size asked for")
    func signatures() async throws {
        let raster = try Self.gradient(width: 64, height: 48, channels: 1)
        let jpeg = try await self.encoder.encode(raster, as: .jpeg(quality: 80))
        let png = try await self.encoder.encode(raster, as: .png)
        let webp = try await self.encoder.encode(raster, as: .webp(quality: 80))
        #expect(jpeg.starts(with: [0xFF, 0xD8, 0xFF]))
        #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        #expect(webp.starts(with: Array("RIFF".utf8)))
        #expect(webp[8..<12].elementsEqual("WEBP".utf8))
        #expect(Self.jpegFrame(jpeg) == Frame(width: 64, height: 48, components: 1))
        #expect(Self.pngSize(png) == Frame(width: 64, height: 48, components: 1))
    }

    @Test("Colour stays colour")
    func colour() async throws {
        let raster = try Self.gradient(width: 33, height: 21, channels: 3)
        let jpeg = try await self.encoder.encode(raster, as: .jpeg(quality: 90))
        let png = try await self.encoder.encode(raster, as: .png)
        #expect(Self.jpegFrame(jpeg) == Frame(width: 33, height: 21, components: 3))
        #expect(Self.pngSize(png) == Frame(width: 33, height: 21, components: 3))
    }

    @Test(
        "A picture is scaled to fit the box, its aspect kept",
        arguments: [
            (PixelBox(width: 50, height: 50), Frame(width: 50, height: 25, components: 1)),
            (PixelBox(width: 400, height: 400), Frame(width: 400, height: 200, components: 1)),
            (PixelBox(width: 400, height: 100), Frame(width: 200, height: 100, components: 1)),
            (PixelBox(width: 400, height: 400, policy: .shrinkOnly), Frame(width: 200, height: 100, components: 1)),
            (PixelBox(width: 1, height: 1), Frame(width: 1, height: 1, components: 1)),
        ]
    )
    func scaling(box: PixelBox, expected: Frame) async throws {
        let raster = try Self.gradient(width: 200, height: 100, channels: 1)
        let jpeg = try await self.encoder.encode(raster, as: .jpeg(quality: 80), fitting: box)
        #expect(Self.jpegFrame(jpeg) == expected)
    }

    @Test("A large picture is reduced to a point", arguments: [(512, 1), (1, 512), (1, 1)])
    func point(width: Int, height: Int) async throws {
        let raster = try Self.gradient(width: 1520, height: 1848, channels: 1)
        let box = PixelBox(width: width, height: height)
        let jpeg = try await self.encoder.encode(raster, as: .jpeg(quality: 80), fitting: box)
        #expect(Self.jpegFrame(jpeg) == Frame(width: 1, height: 1, components: 1))
    }

    @Test(
        "A side longer than a format has is refused, whether it is encoded or converted",
        arguments: [
            (16_383, ImageFormat.webp(quality: 80), true), (16_384, .webp(quality: 80), false),
            (16_384, .jpeg(quality: 80), true), (65_500, .jpeg(quality: 80), true), (65_501, .jpeg(quality: 80), false),
            (65_535, .png, true),
        ]
    )
    func longSides(side: Int, format: ImageFormat, isMade: Bool) async throws {
        let raster = try Self.gradient(width: side, height: 1, channels: 1)
        let png = try await self.encoder.encode(raster, as: .png)
        if isMade {
            #expect(try await self.encoder.encode(raster, as: format).isEmpty == false)
            #expect(try await self.encoder.convert(png, to: format).width == side)
        } else {
            await #expect(throws: ImageCodecError.tooLarge) { try await self.encoder.encode(raster, as: format) }
            await #expect(throws: ImageCodecError.tooLarge) { try await self.encoder.convert(png, to: format) }
        }
    }

    @Test("A box of no size or beyond the limit is refused", arguments: [(0, 10), (10, 0), (-1, 5), (16_384, 10)])
    func impossibleBox(width: Int, height: Int) async throws {
        let raster = try Self.gradient(width: 8, height: 8, channels: 1)
        await #expect(throws: ImageCodecError.invalidSize) {
            try await self.encoder.encode(raster, as: .png, fitting: PixelBox(width: width, height: height))
        }
    }

    @Test("A quality outside 1…100 is refused", arguments: [0, 101, -5])
    func impossibleQuality(quality: Int) async throws {
        let raster = try Self.gradient(width: 8, height: 8, channels: 1)
        await #expect(throws: ImageCodecError.invalidQuality) {
            try await self.encoder.encode(raster, as: .jpeg(quality: quality))
        }
    }

    @Test("Pictures of many tasks at once are all made, and all alike")
    func manyAtOnce() async throws {
        let raster = try Self.gradient(width: 128, height: 128, channels: 3)
        let expected = try await self.encoder.encode(raster, as: .jpeg(quality: 75))
        let encoder = self.encoder
        let results = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<100 { group.addTask { try await encoder.encode(raster, as: .jpeg(quality: 75)) } }
            return try await group.reduce(into: [[UInt8]]()) { $0.append($1) }
        }
        #expect(results.count == 100)
        #expect(results.allSatisfy { $0 == expected })
    }

    @Test("More pictures than may wait are refused, and the others are made")
    func overload() async throws {
        let raster = try Self.gradient(width: 64, height: 64, channels: 1)
        let encoder = ImageEncoder(threads: 1)
        let (made, refused) = await withTaskGroup(of: ImageCodecError?.self) { group in
            for _ in 0..<(ImageEncoder.waitingMax * 4) {
                group.addTask {
                    do throws(ImageCodecError) {
                        _ = try await encoder.encode(raster, as: .png, fitting: PixelBox(width: 96, height: 96))
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: (0, [ImageCodecError]())) { counts, error in
                if let error { counts.1.append(error) } else { counts.0 += 1 }
            }
        }
        #expect(made >= ImageEncoder.waitingMax)
        #expect(made + refused.count == ImageEncoder.waitingMax * 4)
        #expect(refused.allSatisfy { $0 == .overloaded })
        await encoder.shutdown()
    }

    @Test("After shutdown everything is refused")
    func shutdown() async throws {
        let raster = try Self.gradient(width: 8, height: 8, channels: 1)
        let encoder = ImageEncoder(threads: 1)
        _ = try await encoder.encode(raster, as: .png)
        await encoder.shutdown()
        await #expect(throws: ImageCodecError.shutDown) { try await encoder.encode(raster, as: .png) }
    }

    @Test("Hundreds of pictures leave no memory behind")
    func memory() async throws {
        let raster = try Self.gradient(width: 512, height: 512, channels: 1)
        for _ in 0..<50 { _ = try await self.encoder.encode(raster, as: .jpeg(quality: 85)) }
        let before = try Self.residentBytes()
        for _ in 0..<400 {
            let box = PixelBox(width: 300, height: 300)
            _ = try await self.encoder.encode(raster, as: .jpeg(quality: 85), fitting: box)
        }
        // A leak of the samples alone would be 100 MiB.
        #expect(try Self.residentBytes() - before < 40 << 20)
    }

    private static func gradient(width: Int, height: Int, channels: Int) throws -> Raster {
        let bytes = (0..<(width * height * channels)).map { UInt8(truncatingIfNeeded: ($0 * 7) ^ ($0 >> 5)) }
        return try Raster(width: width, height: height, channels: channels, bytes: bytes)
    }

    /// What the SOF0 segment says.
    private static func jpegFrame(_ bytes: [UInt8]) -> Frame? {
        var index = 2
        while index + 9 < bytes.count, bytes[index] == 0xFF {
            if bytes[index + 1] == 0xC0 {
                return Frame(
                    width: Int(bytes[index + 7]) << 8 | Int(bytes[index + 8]),
                    height: Int(bytes[index + 5]) << 8 | Int(bytes[index + 6]),
                    components: Int(bytes[index + 9])
                )
            }
            index += 2 + (Int(bytes[index + 2]) << 8 | Int(bytes[index + 3]))
        }
        return nil
    }

    /// What the IHDR chunk says.
    private static func pngSize(_ bytes: [UInt8]) -> Frame {
        let number = { (at: Int) in bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) } }
        return Frame(width: number(16), height: number(20), components: bytes[25] == 0 ? 1 : 3)
    }
}

/// Size and number of components of an encoded picture.
struct Frame: Equatable, Sendable {
    let width: Int
    let height: Int
    let components: Int
}
