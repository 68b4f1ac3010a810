/// A value or a frame: where it lies in the file, or its bytes where it does not lie there as it is wanted.
package enum BulkData: Sendable, Hashable {
    /// A stretch of the file itself, so that nothing big is copied.
    case fileRange(offset: Int64, length: Int64)
    case bytes([UInt8])

    /// The number of bytes.
    package var count: Int64 {
        switch self {
        case .fileRange(_, let length): length
        case .bytes(let bytes): Int64(bytes.count)
        }
    }
}

/// How a frame is wanted.
package enum FrameEncoding: Sendable, Hashable {
    case asStored
    /// By the UID of a transfer syntax; a native one means uncompressed little-endian pixels.
    case transferSyntax(String)
}

/// An 8-bit picture: rows without padding, one channel of grey or three of RGB by pixel.
package struct PixelRaster: Sendable, Hashable {
    package let width: Int
    package let height: Int
    package let channels: Int
    package let bytes: [UInt8]

    package init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.bytes = bytes
    }
}
