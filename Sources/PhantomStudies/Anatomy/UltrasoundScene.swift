/// A made-up view of the right upper belly through a curved probe, frame by frame, as RGB.
struct UltrasoundScene: Sendable {
    let width: Int
    let height: Int
    private let isDoppler: Bool
    private let speckle: (NoiseTile, NoiseTile)
    /// For each pixel in the sector its depth and beam, elsewhere -1.
    private let depths: [Float]
    private let beams: [Float]

    /// Where the beams would meet, in pixels of a picture 640 wide.
    private static let apex = (x: Float(320), y: Float(-62))
    /// The surface of the probe and the end of the picture, from the apex.
    private static let range: ClosedRange<Float> = 92...508
    private static let halfAngle: Float = 0.64

    /// A scene of the given width, four to three, with blood flow in colour or without.
    init(width: Int, isDoppler: Bool, seed: UInt64, label: String) {
        self.width = width
        self.height = width * 3 / 4
        self.isDoppler = isDoppler
        var generator = SeededGenerator(seed: seed, label: label)
        self.speckle = (
            NoiseTile.grain(side: NoiseTile.side(512, width: width), smoothing: 2, generator: &generator),
            NoiseTile.grain(side: NoiseTile.side(512, width: width), smoothing: 2, generator: &generator)
        )
        var depths = [Float](repeating: -1, count: self.width * self.height)
        var beams = depths
        let scale = 640 / Float(width)
        for row in 0..<self.height {
            for column in 0..<self.width {
                let (x, y) = (Float(column) * scale - Self.apex.x, Float(row) * scale - Self.apex.y)
                let depth = (x * x + y * y).squareRoot()
                let angle = Curves.angle(y, x)
                guard Self.range.contains(depth), abs(angle) < Self.halfAngle else { continue }
                depths[row * self.width + column] = depth
                beams[row * self.width + column] = angle
            }
        }
        self.depths = depths
        self.beams = beams
    }

    /// The frame at a moment of the breath, 0…1: red, green and blue for each pixel.
    func frame(at phase: Float) -> [UInt8] {
        let breath = 7 * Curves.sine(phase * 2 * Curves.pi)
        var echo = Canvas(
            width: self.width,
            height: self.height,
            spacing: 640 / Float(self.width),
            centre: (320, 240),
            fill: 0
        )
        self.paintOrgans(&echo, breath)
        echo.soften()
        echo.soften()
        var picture = [UInt8](repeating: 0, count: self.width * self.height * 3)
        for index in echo.pixels.indices where self.depths[index] >= 0 {
            let depth = self.depths[index]
            let beam = self.beams[index]
            // The grain moves with the tissue and is drawn out across the beams.
            let (u, v) = (beam * 280 + phase * 3, (depth - breath) * 0.95)
            let (a, b) = (self.speckle.0.sample(u, v), self.speckle.1.sample(u, v))
            let amplitude = (a * a + b * b).squareRoot() * 0.75
            let focus = 0.75 + 0.35 * Curves.exponential(-((depth - 270) / 150) * ((depth - 270) / 150))
            let level = echo.pixels[index] * (0.45 + 0.6 * amplitude) * focus
            let grey = UInt8(min(max(level, 0), 255))
            picture[index &* 3] = grey
            picture[index &* 3 &+ 1] = grey
            picture[index &* 3 &+ 2] = grey
        }
        if self.isDoppler { self.paintFlow(&picture, phase, breath) }
        self.paintScales(&picture)
        return picture
    }

    private func paintOrgans(_ echo: inout Canvas, _ breath: Float) {
        for index in echo.pixels.indices where self.depths[index] >= 0 { echo.pixels[index] = 96 }
        // Skin and the muscle under it.
        for layer in 0..<5 {
            let radius = 96 + Float(layer) * 9
            self.paintArc(&echo, centre: Self.apex, radius: radius, thick: 2.4, level: layer % 2 == 0 ? 165 : 120)
        }
        // The diaphragm, and the lung behind it, of which nothing is seen.
        let behind = Ellipse(214, 452 + breath, 252, 112, angle: -0.16)
        echo.paint(behind, Flat(34))
        self.paintArc(&echo, along: behind, level: 238)
        // Kidney.
        let kidney = Ellipse(428, 288 + breath, 92, 44, angle: 0.42)
        echo.paint(kidney.inset(-3), Flat(150))
        echo.paint(kidney, Flat(62))
        echo.paint(Ellipse(430, 289 + breath, 52, 17, angle: 0.42), Flat(182))
        for pyramid in 0..<6 {
            let angle = Float(pyramid) * 1.05
            let place = (x: 428 + 66 * Curves.cosine(angle), y: 288 + breath + 29 * Curves.sine(angle + 0.4))
            echo.paint(Ellipse(place.x, place.y, 10, 8), Flat(36))
        }
        self.paintVeins(&echo, breath)
        self.paintGallbladder(&echo, breath)
    }

    private func paintVeins(_ echo: inout Canvas, _ breath: Float) {
        let veins = [
            Rod(214, 372, 250, 250, 11, 6), Rod(250, 250, 262, 165, 6, 3), Rod(214, 372, 330, 290, 10, 5),
            Rod(330, 290, 372, 218, 5, 3), Rod(214, 372, 138, 300, 9, 4),
        ]
        for vein in veins {
            echo.paint(
                Rod(vein.x, vein.y + breath, vein.endX, vein.endY + breath, vein.radius, vein.endRadius),
                Flat(9)
            )
        }
        let portal = Rod(300, 236 + breath, 398, 196 + breath, 10, 6)
        echo.paint(Rod(portal.x, portal.y, portal.endX, portal.endY, 14, 10), Flat(172))
        echo.paint(portal, Flat(8))
    }

    private func paintGallbladder(_ echo: inout Canvas, _ breath: Float) {
        let gallbladder = Ellipse(318, 158 + breath, 58, 24, angle: 0.2)
        // Sound that crosses fluid comes back stronger from behind it.
        for index in echo.pixels.indices where self.depths[index] > 250 {
            if abs(self.beams[index] + 0.01) < 0.2 { echo.pixels[index] *= 1.3 }
        }
        echo.paint(gallbladder.inset(-3.4), Flat(196))
        echo.paint(gallbladder, Flat(5))
        let stone = Ellipse(340, 172 + breath, 9, 6)
        echo.paint(stone, Flat(250))
        // And nothing comes back from behind a stone.
        for index in echo.pixels.indices where self.depths[index] > 238 + breath {
            if abs(self.beams[index] - 0.085) < 0.03 { echo.pixels[index] *= 0.22 }
        }
    }

    private func paintArc(_ echo: inout Canvas, along ellipse: Ellipse, level: Float) {
        for index in echo.pixels.indices where self.depths[index] >= 0 {
            let (x, y) = (
                echo.left + Float(index % self.width) * echo.spacing,
                echo.top + Float(index / self.width) * echo.spacing
            )
            let edge = abs(ellipse.square(x, y).squareRoot() - 1)
            if edge < 0.03 { echo.pixels[index] = max(echo.pixels[index], level * Curves.step(0.03, 0.012, edge)) }
        }
    }

    private func paintArc(_ echo: inout Canvas, centre: (x: Float, y: Float), radius: Float, thick: Float, level: Float)
    {
        for index in echo.pixels.indices where self.depths[index] >= 0 {
            if abs(self.depths[index] - radius) < thick { echo.pixels[index] = level }
        }
    }

    /// Blood towards the probe red, away from it blue, inside the box of the measurement.
    private func paintFlow(_ picture: inout [UInt8], _ phase: Float, _ breath: Float) {
        var flow = Canvas(
            width: self.width,
            height: self.height,
            spacing: 640 / Float(self.width),
            centre: (320, 240),
            fill: 0
        )
        let pulse = 0.55 + 0.45 * Curves.sine(phase * 6 * Curves.pi)
        flow.paint(Rod(300, 236 + breath, 398, 196 + breath, 9.5, 5.5), Flat(pulse))
        flow.paint(Rod(250, 250 + breath, 262, 165 + breath, 5.5, 2.5), Flat(-pulse * 0.9))
        flow.paint(Rod(214, 372 + breath, 330, 290 + breath, 9, 4.5), Flat(-pulse * 0.7))
        for index in flow.pixels.indices where self.depths[index] >= 0 {
            let (depth, beam) = (self.depths[index], self.beams[index])
            let isEdge = abs(abs(beam) - 0.34) < 0.004 && (200...400).contains(depth)
            let isEnd = abs(beam) < 0.34 && (abs(depth - 200) < 0.9 || abs(depth - 400) < 0.9)
            if isEdge || isEnd {
                for channel in 0..<3 { picture[index * 3 + channel] = 150 }
                continue
            }
            let speed = flow.pixels[index]
            guard abs(speed) > 0.1, abs(beam) < 0.34, (200...400).contains(depth) else { continue }
            let bright = UInt8(90 + 160 * min(abs(speed), 1))
            let warm = UInt8(40 + 150 * max(0, abs(speed) - 0.4))
            picture[index * 3] = speed > 0 ? bright : 0
            picture[index * 3 + 1] = warm
            picture[index * 3 + 2] = speed > 0 ? 0 : bright
        }
    }

    /// Depth marks at the right, a grey wedge and, with flow, its colours at the left.
    private func paintScales(_ picture: inout [UInt8]) {
        let scale = Float(self.width) / 640
        func put(_ x: Int, _ y: Int, _ colour: (UInt8, UInt8, UInt8)) {
            let index = (Int(Float(y) * scale) * self.width + Int(Float(x) * scale)) * 3
            guard index + 2 < picture.count else { return }
            picture[index] = colour.0
            picture[index + 1] = colour.1
            picture[index + 2] = colour.2
        }
        for mark in 0...16 {
            for dash in 0..<(mark % 5 == 0 ? 10 : 5) { put(622 + dash, 30 + mark * 26, (200, 200, 200)) }
        }
        for y in 0..<160 {
            let grey = UInt8(255 - y * 255 / 159)
            for x in 0..<12 { put(16 + x, 40 + y, (grey, grey, grey)) }
            guard self.isDoppler else { continue }
            let fast = UInt8(min(255, abs(80 - y) * 3))
            for x in 0..<12 { put(16 + x, 230 + y, y < 80 ? (fast, fast / 3, 0) : (0, fast / 3, fast)) }
        }
    }
}
