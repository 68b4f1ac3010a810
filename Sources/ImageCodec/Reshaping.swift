/// What is done to a picture between two files: a part is cut out, pixels become square, and it is made to fit.
package struct Reshaping: Sendable, Hashable {
    /// The part that is kept; nil for all of it.
    package var region: PixelRegion?
    /// The width of the whole picture for each unit of its height, as it is to be seen; nil where its pixels are square.
    ///
    /// It says what comes out and not by how much to stretch, so that a picture that somebody stretched already stays.
    package var displayAspect: Double?
    /// Where given, the picture is made to fit in it.
    package var box: PixelBox?

    package init(region: PixelRegion? = nil, displayAspect: Double? = nil, box: PixelBox? = nil) {
        self.region = region
        self.displayAspect = displayAspect
        self.box = box
    }

    /// Aspects that differ by less than this are the same: one that was rounded to whole pixels.
    private static let aspectTolerance = 0.02

    /// The part of a picture of that size that is kept, in pixels.
    func part(ofWidth width: Int, height: Int) -> (left: Int, top: Int, width: Int, height: Int) {
        guard let region = self.region else { return (0, 0, width, height) }
        let left = min(width - 1, Int(region.left * Double(width)))
        let top = min(height - 1, Int(region.top * Double(height)))
        let right = min(width, max(left + 1, Int((region.right * Double(width)).rounded())))
        let bottom = min(height, max(top + 1, Int((region.bottom * Double(height)).rounded())))
        return (left, top, right - left, bottom - top)
    }

    /// The size of the outcome, for a part of a picture of that size.
    func size(
        ofPart part: (width: Int, height: Int),
        whole: (width: Int, height: Int)
    ) throws(ImageCodecError) -> (width: Int, height: Int) {
        var size = part
        if let aspect = self.displayAspect, aspect.isFinite, aspect > 0 {
            let stretch = aspect * Double(whole.height) / Double(whole.width)
            // Never enlarged: the side that is too long for the other becomes shorter.
            if stretch < 1 - Self.aspectTolerance {
                size.width = max(1, Int((Double(size.width) * stretch).rounded()))
            } else if stretch > 1 + Self.aspectTolerance {
                size.height = max(1, Int((Double(size.height) / stretch).rounded()))
            }
        }
        return try self.box?.size(fitting: size.width, by: size.height) ?? size
    }
}

/// A part of a picture, by fractions of its sides.
package struct PixelRegion: Sendable, Hashable {
    package let left: Double
    package let top: Double
    package let right: Double
    package let bottom: Double

    /// Nil for what is no part with an area.
    package init?(left: Double, top: Double, right: Double, bottom: Double) {
        guard (0..<1).contains(left), (0..<1).contains(top), left < right, right <= 1, top < bottom, bottom <= 1 else {
            return nil
        }
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }
}

/// A file that was made, and the size of the picture in it.
package struct EncodedPicture: Sendable, Hashable {
    package let bytes: [UInt8]
    package let width: Int
    package let height: Int
}
