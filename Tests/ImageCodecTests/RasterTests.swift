import Testing

@testable import ImageCodec

@Suite("Raster")
struct RasterTests {
    @Test("A raster whose parts go together is taken")
    func sound() throws {
        let raster = try Raster(width: 2, height: 3, channels: 3, bytes: [UInt8](repeating: 9, count: 18))
        #expect(raster.bytes.count == 18)
    }

    @Test(
        "A raster whose parts do not go together is refused",
        arguments: [(2, 3, 1, 5), (2, 3, 1, 7), (2, 3, 2, 12), (0, 3, 1, 0), (2, -3, 1, 6), (65_536, 1, 1, 65_536)]
    )
    func unsound(width: Int, height: Int, channels: Int, byteCount: Int) {
        #expect(throws: ImageCodecError.invalidRaster) {
            try Raster(
                width: width,
                height: height,
                channels: channels,
                bytes: [UInt8](repeating: 0, count: byteCount)
            )
        }
    }
}

@Suite("The loaders of libvips")
struct VipsLibraryTests {
    @Test("JPEG, PNG and WebP can be read, and nothing else")
    func loaders() throws {
        let raster = try Raster(width: 2, height: 2, channels: 1, bytes: [0, 80, 160, 255])
        for format in [ImageFormat.jpeg(quality: 90), .png, .webp(quality: 90)] {
            let file = try VipsLibrary.encode(raster, as: format, size: (2, 2))
            #expect(VipsLibrary.canLoad(file))
        }
        let others = [
            "GIF89a\u{1}\u{0}\u{1}\u{0}\u{0}\u{0}\u{0};", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\"/>",
            "%PDF-1.4\n%%EOF\n", "II*\u{0}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}", "P5\n2 2\n255\nabcd",
        ]
        for other in others { #expect(!VipsLibrary.canLoad(Array(other.utf8))) }
    }
}
