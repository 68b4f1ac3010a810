/// A picture of real numbers on a grid in millimetres, painted shape by shape.
struct Canvas: Sendable {
    let width: Int
    let height: Int
    /// Millimetres between neighbouring pixels.
    let spacing: Float
    /// The position of the centre of the first pixel.
    let left: Float
    let top: Float
    var pixels: [Float]

    /// A canvas of one value whose middle lies at the given position.
    init(width: Int, height: Int, spacing: Float, centre: (x: Float, y: Float), fill: Float) {
        self.width = width
        self.height = height
        self.spacing = spacing
        self.left = centre.x - Float(width - 1) / 2 * spacing
        self.top = centre.y - Float(height - 1) / 2 * spacing
        self.pixels = [Float](repeating: fill, count: width * height)
    }

    /// How a shape changes what is there.
    enum Blend: Sendable {
        /// Covers it.
        case over
        /// Covers only what is below the value, as vessels do that are seen only in air.
        case overBelow(Float)
        /// Keeps the larger.
        case most
        /// Adds to it.
        case add
    }

    /// Paints an ellipse with a soft edge of one pixel, only inside `clip` where given.
    mutating func paint(_ shape: Ellipse, _ shade: some Shade, blend: Blend = .over, clip: Ellipse? = nil) {
        let reach = max(shape.radiusX, shape.radiusY) * 1.1 + self.spacing
        guard let area = self.area(shape.x - reach, shape.y - reach, shape.x + reach, shape.y + reach) else { return }
        let perMillimetre = 1 / self.spacing
        let small = min(shape.radiusX, shape.radiusY)
        // Inside this the pixel is covered whole and no root is needed.
        let whole = max(0, 1 - self.spacing / small)
        let wholeSquare = whole * whole
        let outside = 1 + self.spacing / small
        let outsideSquare = outside * outside
        for row in area.rows {
            let y = self.top + Float(row) * self.spacing
            for column in area.columns {
                let x = self.left + Float(column) * self.spacing
                let square = shape.square(x, y)
                if square > outsideSquare { continue }
                if let clip, clip.square(x, y) > 1 { continue }
                let cover =
                    square < wholeSquare ? 1 : Curves.unit((1 - square.squareRoot()) * small * perMillimetre + 0.5)
                self.blend(column, row, shade.value(x, y), cover, blend)
            }
        }
    }

    /// Paints a rod with round ends with a soft edge of one pixel.
    mutating func paint(_ rod: Rod, _ shade: some Shade, blend: Blend = .over) {
        let reach = max(rod.radius, rod.endRadius) + self.spacing
        guard
            let area = self.area(
                min(rod.x, rod.endX) - reach,
                min(rod.y, rod.endY) - reach,
                max(rod.x, rod.endX) + reach,
                max(rod.y, rod.endY) + reach
            )
        else { return }
        for row in area.rows {
            let y = self.top + Float(row) * self.spacing
            for column in area.columns {
                let x = self.left + Float(column) * self.spacing
                let (distance, radius, _) = rod.distance(x, y)
                let cover = Curves.unit((radius - distance) / self.spacing + 0.5)
                if cover > 0 { self.blend(column, row, shade.value(x, y), cover, blend) }
            }
        }
    }

    /// Paints the shadow of a solid or hollow rod: the length of a ray's way through its wall, times `density`.
    ///
    /// `hollow` is the part of the radius that is inside the wall, whose density is `core` of the wall's.
    mutating func paintShadow(of rod: Rod, density: Float, hollow: Float = 0, core: Float = 0, blend: Blend = .most) {
        let reach = max(rod.radius, rod.endRadius) + self.spacing
        guard
            let area = self.area(
                min(rod.x, rod.endX) - reach,
                min(rod.y, rod.endY) - reach,
                max(rod.x, rod.endX) + reach,
                max(rod.y, rod.endY) + reach
            )
        else { return }
        for row in area.rows {
            let y = self.top + Float(row) * self.spacing
            for column in area.columns {
                let x = self.left + Float(column) * self.spacing
                let (distance, radius, _) = rod.distance(x, y)
                if distance >= radius { continue }
                var way = 2 * (radius * radius - distance * distance).squareRoot()
                let inner = radius * hollow
                if distance < inner { way -= (1 - core) * 2 * (inner * inner - distance * distance).squareRoot() }
                self.blend(column, row, way * density, 1, blend)
            }
        }
    }

    /// Paints the shadow of an ellipsoid whose half-thickness along the ray is `depth`.
    mutating func paintShadow(of shape: Ellipse, depth: Float, density: Float, blend: Blend = .add) {
        let reach = max(shape.radiusX, shape.radiusY) * 1.1
        guard let area = self.area(shape.x - reach, shape.y - reach, shape.x + reach, shape.y + reach) else { return }
        for row in area.rows {
            let y = self.top + Float(row) * self.spacing
            for column in area.columns {
                let square = shape.square(self.left + Float(column) * self.spacing, y)
                if square >= 1 { continue }
                self.blend(column, row, 2 * depth * (1 - square).squareRoot() * density, 1, blend)
            }
        }
    }

    /// Adds another canvas of the same size, scaled.
    mutating func add(_ other: Canvas, scale: Float = 1) {
        for index in self.pixels.indices { self.pixels[index] += other.pixels[index] * scale }
    }

    /// Adds grain; `shift` moves the tile so that no two pictures share it.
    mutating func addGrain(_ tile: NoiseTile, amplitude: Float, shift: (column: Int, row: Int)) {
        for row in 0..<self.height {
            for column in 0..<self.width {
                let grain = tile.point(column &+ shift.column, row &+ shift.row)
                self.pixels[row &* self.width &+ column] += amplitude * grain
            }
        }
    }

    /// Smooths with the weights 1, 2, 1 both ways, as optics and reconstruction do.
    mutating func soften() {
        var line = [Float](repeating: 0, count: max(self.width, self.height))
        for row in 0..<self.height {
            let start = row * self.width
            for column in 0..<self.width { line[column] = self.pixels[start &+ column] }
            for column in 1..<max(1, self.width - 1) {
                self.pixels[start &+ column] = (line[column &- 1] + 2 * line[column] + line[column &+ 1]) * 0.25
            }
        }
        var above = Array(self.pixels[0..<self.width])
        for row in 1..<max(1, self.height - 1) {
            let start = row * self.width
            for column in 0..<self.width {
                let here = self.pixels[start &+ column]
                let below = self.pixels[start &+ self.width &+ column]
                self.pixels[start &+ column] = (above[column] + 2 * here + below) * 0.25
                above[column] = here
            }
        }
    }

    private mutating func blend(_ column: Int, _ row: Int, _ value: Float, _ cover: Float, _ blend: Blend) {
        let index = row &* self.width &+ column
        let there = self.pixels[index]
        switch blend {
        case .over: self.pixels[index] = there + (value - there) * cover
        case .overBelow(let limit): if there < limit { self.pixels[index] = there + (value - there) * cover }
        case .most: self.pixels[index] = max(there, value * cover)
        case .add: self.pixels[index] = there + value * cover
        }
    }

    /// The pixels that may lie in the box, nil where there are none.
    private func area(
        _ minX: Float,
        _ minY: Float,
        _ maxX: Float,
        _ maxY: Float
    ) -> (columns: Range<Int>, rows: Range<Int>)? {
        let columns = Self.places(minX, maxX, self.left, self.spacing, self.width)
        let rows = Self.places(minY, maxY, self.top, self.spacing, self.height)
        return columns.isEmpty || rows.isEmpty ? nil : (columns, rows)
    }

    private static func places(_ low: Float, _ high: Float, _ start: Float, _ spacing: Float, _ count: Int) -> Range<
        Int
    > {
        let first = min(max(Int(((low - start) / spacing).rounded(.down)), 0), count)
        let last = min(max(Int(((high - start) / spacing).rounded(.up)) + 1, first), count)
        return first..<last
    }
}
