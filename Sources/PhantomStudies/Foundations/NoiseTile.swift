/// A square of noise that repeats seamlessly, made once and sampled anywhere.
struct NoiseTile: Sendable {
    /// Points along each side, a power of two.
    let side: Int
    /// About -1…1, or with standard deviation one for grain.
    let values: [Float]

    /// Clouds: octaves of smooth noise, each twice as fine and `persistence` times as strong.
    static func clouds(
        side: Int,
        coarsest: Int,
        octaves: Int,
        persistence: Float = 0.5,
        generator: inout SeededGenerator
    ) -> NoiseTile {
        var values = [Float](repeating: 0, count: side * side)
        var weight: Float = 1
        var sum: Float = 0
        for octave in 0..<octaves {
            let cells = coarsest << octave
            // A small tile has no room for the finest.
            guard cells <= side else { break }
            let lattice = (0..<(cells * cells)).map { _ in generator.uniform(-1...1) }
            Self.add(lattice, cells: cells, weight: weight, side: side, to: &values)
            sum += weight
            weight *= persistence
        }
        for index in values.indices { values[index] /= sum * 0.7 }
        return NoiseTile(side: side, values: values)
    }

    /// Film or detector grain: independent points, smoothed over a neighbourhood `smoothing` times.
    static func grain(side: Int, smoothing: Int, generator: inout SeededGenerator) -> NoiseTile {
        var values = (0..<(side * side)).map { _ in generator.gaussian() }
        let mask = side - 1
        for _ in 0..<smoothing {
            let previous = values
            for row in 0..<side {
                for column in 0..<side {
                    let beside = previous[row * side + (column + 1) & mask] + previous[row * side + (column - 1) & mask]
                    let above =
                        previous[((row + 1) & mask) * side + column] + previous[((row - 1) & mask) * side + column]
                    values[row * side + column] = previous[row * side + column] * 0.5 + (beside + above) * 0.25
                }
            }
        }
        let variance = values.reduce(Float(0)) { $0 + $1 * $1 } / Float(values.count)
        let scale = 1 / variance.squareRoot()
        for index in values.indices { values[index] *= scale }
        return NoiseTile(side: side, values: values)
    }

    /// The side of a tile for a picture of that width: small pictures need no large ones.
    static func side(_ full: Int, width: Int) -> Int { width >= 256 ? full : full / 4 }

    /// The point at whole coordinates, which wrap around.
    func point(_ column: Int, _ row: Int) -> Float {
        let mask = self.side - 1
        return self.values[(row & mask) &* self.side &+ (column & mask)]
    }

    /// Between the points, linearly; coordinates wrap around.
    func sample(_ x: Float, _ y: Float) -> Float {
        // A large even number of sides is added so that the conversion, which cuts towards zero, is a floor.
        let (shiftedX, shiftedY) = (x + 65_536, y + 65_536)
        let (column, row) = (Int(shiftedX), Int(shiftedY))
        let (fx, fy) = (shiftedX - Float(column), shiftedY - Float(row))
        let top = Curves.mix(self.point(column, row), self.point(column &+ 1, row), fx)
        let bottom = Curves.mix(self.point(column, row &+ 1), self.point(column &+ 1, row &+ 1), fx)
        return Curves.mix(top, bottom, fy)
    }

    private static func add(_ lattice: [Float], cells: Int, weight: Float, side: Int, to values: inout [Float]) {
        let points = side / cells
        for row in 0..<side {
            let cellRow = row / points
            let fy = Curves.step(0, 1, Float(row % points) / Float(points))
            let nextRow = (cellRow + 1) % cells
            for column in 0..<side {
                let cellColumn = column / points
                let fx = Curves.step(0, 1, Float(column % points) / Float(points))
                let nextColumn = (cellColumn + 1) % cells
                let top = Curves.mix(lattice[cellRow * cells + cellColumn], lattice[cellRow * cells + nextColumn], fx)
                let bottom = Curves.mix(
                    lattice[nextRow * cells + cellColumn],
                    lattice[nextRow * cells + nextColumn],
                    fx
                )
                values[row * side + column] += weight * Curves.mix(top, bottom, fy)
            }
        }
    }
}
