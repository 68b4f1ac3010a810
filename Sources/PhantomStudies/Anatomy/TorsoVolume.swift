/// A stack of slices through a torso, from which others are cut.
struct TorsoVolume {
    private let slices: [Canvas]
    /// Millimetres between the slices, the first of which lies at the top.
    private let gap: Float
    private static let top: Float = 14
    private static let bottom: Float = -310

    /// Paints the stack at `width` pixels each way.
    init(_ torso: Torso, width: Int, fieldOfView: Float) {
        let spacing = fieldOfView / Float(width)
        let count = max(2, Int((Self.top - Self.bottom) / max(2.6, spacing)))
        self.gap = (Self.top - Self.bottom) / Float(count - 1)
        let gap = self.gap
        self.slices = (0..<count).map { index in
            var canvas = TorsoSlice.paint(
                torso,
                z: Self.top - Float(index) * gap,
                matrix: width,
                fieldOfView: fieldOfView
            )
            canvas.soften()
            return canvas
        }
    }

    /// The plane from head to foot at `y`, its pixels as wide as high.
    func coronal(at y: Float) -> Canvas {
        let first = self.slices[0]
        let height = Int((Self.top - Self.bottom) / first.spacing)
        var canvas = Canvas(
            width: first.width,
            height: height,
            spacing: first.spacing,
            centre: (0, -(Self.top + Self.bottom) / 2),
            fill: -1000
        )
        let row = min(max(Int((y - first.top) / first.spacing), 0), first.height - 1)
        for line in 0..<height {
            let place = (canvas.top + Float(line) * canvas.spacing + Self.top) / self.gap
            let index = min(max(Int(place), 0), self.slices.count - 2)
            let part = Curves.unit(place - Float(index))
            for column in 0..<first.width {
                let above = self.slices[index].pixels[row * first.width + column]
                let below = self.slices[index + 1].pixels[row * first.width + column]
                canvas.pixels[line * first.width + column] = Curves.mix(above, below, part)
            }
        }
        return canvas
    }
}
