/// A made-up breast pressed flat, chest wall at the left, as detector values from 0 to about 3600.
struct Mammogram {
    private let width: Int
    private let height: Int
    private let spacing: Float
    private let clouds: NoiseTile
    private let grain: NoiseTile
    private let isOblique: Bool

    /// Paints the breast over a detector of the given size.
    ///
    /// - Parameters:
    ///   - size: Columns and rows, over a field 235 mm high.
    ///   - isOblique: Whether the chest muscle is seen in the upper corner.
    ///   - seed: Decides the tissue.
    ///   - label: Names this breast among those of the seed.
    /// - Returns: One value for each pixel.
    static func paint(size: (width: Int, height: Int), isOblique: Bool, seed: UInt64, label: String) -> [UInt16] {
        var generator = SeededGenerator(seed: seed, label: label)
        let mammogram = Mammogram(
            width: size.width,
            height: size.height,
            spacing: 235 / Float(size.height),
            clouds: NoiseTile.clouds(
                side: NoiseTile.side(512, width: size.width),
                coarsest: 8,
                octaves: 6,
                persistence: 0.58,
                generator: &generator
            ),
            grain: NoiseTile.grain(side: NoiseTile.side(512, width: size.width), smoothing: 0, generator: &generator),
            isOblique: isOblique
        )
        var canvas = mammogram.tissue()
        mammogram.addFindings(to: &canvas, &generator)
        return canvas.pixels.map { UInt16(min(max($0, 0), 4095)) }
    }

    private init(width: Int, height: Int, spacing: Float, clouds: NoiseTile, grain: NoiseTile, isOblique: Bool) {
        self.width = width
        self.height = height
        self.spacing = spacing
        self.clouds = clouds
        self.grain = grain
        self.isOblique = isOblique
    }

    /// How far the skin is from the chest wall at a height, in millimetres.
    private func skin(_ y: Float) -> Float {
        let v = (y - 128) / (y < 128 ? 160 : 92)
        let round = 118 * Curves.unit(1 - v * v * (0.72 + 0.28 * v * v)).squareRoot()
        let tail = self.isOblique ? 46 * Curves.step(96, 0, y) : 0
        return round + tail
    }

    private func tissue() -> Canvas {
        var canvas = Canvas(width: self.width, height: self.height, spacing: self.spacing, centre: (0, 0), fill: 24)
        for row in 0..<self.height {
            let y = Float(row) * self.spacing
            let edge = self.skin(y)
            guard edge > 1 else { continue }
            let slope = (self.skin(y + 1) - self.skin(y - 1)) / 2
            // From the way along the row to the distance from the skin.
            let lean = 1 / (1 + slope * slope).squareRoot()
            let last = min(self.width, Int(edge / self.spacing))
            for column in 0..<last {
                let x = Float(column) * self.spacing
                let level = self.level(x, y, deep: (edge - x) * lean)
                let grain = self.grain.point(column &+ row &* 7, row) * 26
                canvas.pixels[row &* self.width &+ column] = level + grain
            }
        }
        return canvas
    }

    private func level(_ x: Float, _ y: Float, deep: Float) -> Float {
        // Towards the skin the breast is thinner under the plate.
        let thick = Curves.unit(deep / 16)
        var level = 250 + 820 * thick * (2 - thick)
        let (dx, dy) = (118 - x, y - 131)
        let fromNipple = (dx * dx + dy * dy).squareRoot()
        let angle = Curves.angle(max(dx, 1), dy)
        // Ducts and ligaments run towards the nipple: clouds drawn out along the radius.
        let strands = self.clouds.sample(fromNipple * 1.1, angle * 150)
        let lumps = self.clouds.sample(x * 2.1 + 77, y * 2.1)
        let ridge = 1 - abs(strands) * 2.4
        let gland =
            Curves.step(8, 34, deep) * Curves.step(104, 42, fromNipple + 16 * lumps)
            * Curves.step(1.25, 0.5, abs(angle))
        level += gland * (520 + 640 * max(0, ridge) + 420 * lumps)
        level += 130 * max(0, ridge) * Curves.step(2, 10, deep) + 120 * lumps
        // Skin.
        level += 420 * Curves.step(1.9, 1.1, deep)
        if self.isOblique {
            let muscle = 84 - x * 1.28 - y * 0.52
            if muscle > -2 {
                level += (700 + 90 * self.clouds.sample((x + y) * 0.7, (x - y) * 4)) * Curves.step(-2, 4, muscle)
            }
        }
        return level
    }

    /// A lump with spicules, and grains of chalk.
    private func addFindings(to canvas: inout Canvas, _ generator: inout SeededGenerator) {
        let origin = (x: canvas.left, y: canvas.top)
        let lump = (x: origin.x + 62, y: origin.y + 112)
        canvas.paintShadow(of: Ellipse(lump.x, lump.y, 7.5, 6.4, angle: 0.4), depth: 6, density: 44)
        let nipple = (x: origin.x + self.skin(131), y: origin.y + 131)
        canvas.paint(Ellipse(nipple.x, nipple.y, 4.5, 5), Flat(1150), blend: .most)
        for ray in 0..<15 {
            let angle = Float(ray) / 15 * 2 * Curves.pi + generator.uniform(-0.15...0.15)
            let reach = generator.uniform(9...16)
            canvas.paintShadow(
                of: Rod(
                    lump.x,
                    lump.y,
                    lump.x + reach * Curves.cosine(angle),
                    lump.y + reach * Curves.sine(angle),
                    0.6,
                    0.1
                ),
                density: 150,
                blend: .add
            )
        }
        for _ in 0..<16 {
            let place = (x: origin.x + generator.uniform(72...84), y: origin.y + generator.uniform(150...161))
            let radius = generator.uniform(0.14...0.34)
            canvas.paintShadow(of: Ellipse(place.x, place.y, radius, radius * 0.8), depth: radius, density: 2600)
        }
        for vein in 0..<3 {
            var point = (x: origin.x + 4, y: origin.y + 40 + Float(vein) * 62)
            for piece in 0..<14 {
                let next = (x: point.x + 6, y: point.y + generator.uniform(-3.2...3.4))
                canvas.paintShadow(
                    of: Rod(point.x, point.y, next.x, next.y, 1.3 - Float(piece) * 0.06),
                    density: 80,
                    blend: .add
                )
                point = next
            }
        }
    }
}
