/// What a raster is encoded to.
package enum ImageFormat: Sendable, Hashable {
    /// Baseline JPEG, quality 1…100.
    case jpeg(quality: Int)
    /// PNG, without loss.
    case png
    /// Lossy WebP, quality 1…100.
    case webp(quality: Int)

    /// The media type of the encoded bytes.
    package var mediaType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        }
    }
}
