package import ImageCodec

/// The sizes that thumbnails are made in: the longest side, in pixels.
///
/// The ladder is short, so that the number of files for one picture is bounded however many sizes are asked for.
package enum ThumbnailSize: Int, Sendable, CaseIterable {
    case edge64 = 64
    case edge128 = 128
    case edge256 = 256
    case edge512 = 512
    case edge1024 = 1024

    /// What is given where no size is asked for.
    package static let standard = ThumbnailSize.edge256

    /// The largest of them: that which the store is asked for, and the others are made of.
    package static let largest = ThumbnailSize.edge1024

    /// The first of at least so many pixels; nil above the largest, and for what is no size.
    package init?(atLeast edge: Int) {
        guard edge > 0, let size = Self.allCases.first(where: { $0.rawValue >= edge }) else { return nil }
        self = size
    }

    /// The format with the quality that goes with the size: small pictures show faults of the compression more.
    package func format(_ kind: ImageFormat.Kind) -> ImageFormat {
        switch kind {
        case .jpeg: .jpeg(quality: self.rawValue <= 128 ? 85 : 80)
        case .webp: .webp(quality: self.rawValue <= 128 ? 82 : 78)
        case .png: .png
        }
    }

    /// Never enlarged.
    var box: PixelBox { PixelBox(width: self.rawValue, height: self.rawValue, policy: .shrinkOnly) }
}
