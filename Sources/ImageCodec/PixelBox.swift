/// A box that a picture is scaled to fit in, its aspect kept.
package struct PixelBox: Sendable, Hashable {
    /// Which way the picture may be scaled.
    package enum ScalePolicy: Sendable, Hashable {
        /// As large as the box allows, enlarged where it is smaller: a viewport of PS3.18 §8.3.5.1.3.
        case fill
        /// Never enlarged: thumbnails.
        case shrinkOnly
    }

    /// The longest side of a box.
    package static let sideMax = 16_383

    package let width: Int
    package let height: Int
    package let policy: ScalePolicy

    package init(width: Int, height: Int, policy: ScalePolicy = .fill) {
        self.width = width
        self.height = height
        self.policy = policy
    }

    /// The size of a picture of `width` by `height` once it fits; at least one pixel each way.
    package func size(fitting width: Int, by height: Int) throws(ImageCodecError) -> (width: Int, height: Int) {
        let sides = 1...Self.sideMax
        guard sides.contains(self.width), sides.contains(self.height) else { throw .invalidSize }
        if self.policy == .shrinkOnly, width <= self.width, height <= self.height { return (width, height) }
        // Compared by cross multiplication, so that the tight side is met exactly.
        if self.width * height <= self.height * width {
            return (self.width, max(1, (2 * height * self.width + width) / (2 * width)))
        }
        return (max(1, (2 * width * self.height + height) / (2 * height)), self.height)
    }
}
