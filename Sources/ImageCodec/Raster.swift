/// Eight-bit samples of one picture, row by row, channels interleaved.
package struct Raster: Sendable, Hashable {
    /// No side is longer: rows and columns are told in sixteen bits (PS3.3 §C.7.6.3).
    package static let sideMax = 65_535

    package let width: Int
    package let height: Int
    /// 1 for grey, 3 for red, green and blue.
    package let channels: Int
    package let bytes: [UInt8]

    /// A raster whose parts go together.
    ///
    /// - Parameters:
    ///   - width: Columns, 1…``sideMax``.
    ///   - height: Rows, 1…``sideMax``.
    ///   - channels: 1 or 3.
    ///   - bytes: Exactly `width * height * channels` samples.
    /// - Throws: ``ImageCodecError/invalidRaster``.
    package init(width: Int, height: Int, channels: Int, bytes: [UInt8]) throws(ImageCodecError) {
        let sides = 1...Self.sideMax
        guard sides.contains(width), sides.contains(height), channels == 1 || channels == 3,
            bytes.count == width * height * channels
        else { throw .invalidRaster }
        self.width = width
        self.height = height
        self.channels = channels
        self.bytes = bytes
    }
}
