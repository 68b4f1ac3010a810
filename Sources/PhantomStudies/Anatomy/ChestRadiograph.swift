/// The shadow that a torso throws from back to front, in millimetres of water; the canvas's `y` is minus the body's `z`.
struct ChestRadiograph {
    private let torso: Torso
    private var canvas: Canvas
    /// How much of each ray's way may be lung, 0…1; what lies in the lungs is added only there.
    private var lungs: Canvas

    /// What is to be seen besides the healthy chest.
    struct Finding: Sendable {
        /// Where the lung is denser.
        var opacity: Ellipse?
    }

    /// Paints the shadow of a torso over a picture of the given size whose middle is at `centreZ`.
    static func paint(
        _ torso: Torso,
        size: (width: Int, height: Int, spacing: Float),
        centreZ: Float,
        finding: Finding = Finding()
    ) -> Canvas {
        var picture = ChestRadiograph(torso, size, centreZ)
        picture.paintTrunk()
        picture.paintInsideLungs(finding)
        picture.paintMiddle()
        picture.paintRibs()
        picture.paintShoulders()
        return picture.canvas
    }

    private init(_ torso: Torso, _ size: (width: Int, height: Int, spacing: Float), _ centreZ: Float) {
        self.torso = torso
        self.canvas = Canvas(
            width: size.width,
            height: size.height,
            spacing: size.spacing,
            centre: (0, -centreZ),
            fill: 0
        )
        self.lungs = self.canvas
    }

    private mutating func paintTrunk() {
        for row in 0..<self.canvas.height {
            let z = -(self.canvas.top + Float(row) * self.canvas.spacing)
            let body = self.torso.body(at: min(z, 0))
            let neck = Curves.step(2, 66, z)
            let halfWidth = Curves.mix(body.radiusX, 56, neck)
            let halfDepth = Curves.mix(body.radiusY, 56, neck)
            let cavity = self.torso.cavity(at: min(z, 8))
            for column in 0..<self.canvas.width {
                let x = self.canvas.left + Float(column) * self.canvas.spacing
                let across = x / halfWidth
                guard abs(across) < 1 else { continue }
                let index = row * self.canvas.width + column
                var way = 2 * halfDepth * (1 - across * across * across * across).squareRoot()
                let lung = self.lung(x, z, cavity)
                if lung > 0 {
                    let inside = Curves.unit(1 - (x / cavity.radiusX) * (x / cavity.radiusX)).squareRoot()
                    way -= lung * 2 * cavity.radiusY * inside * 0.74
                }
                self.lungs.pixels[index] = lung
                self.canvas.pixels[index] = way
            }
        }
    }

    /// How much of the depth of the chest is lung at a point.
    private func lung(_ x: Float, _ z: Float, _ cavity: Ellipse) -> Float {
        guard z < 10, z > -256 else { return 0 }
        let away = abs(x)
        let isLeft = x > 0
        let outer = self.outline(z)
        let inner: Float = Curves.mix(11, isLeft ? 17 : 19, Curves.step(0, -120, z))
        let middle = (outer + inner) / 2
        let half = (outer - inner) / 2
        let edge = Curves.step(half + 1.6, half - 1.6, abs(away - middle))
        guard edge > 0 else { return 0 }
        // The arch of the diaphragm, which falls off steeply at the side.
        let u = (away - 62) / 66
        let arch = (isLeft ? Float(-196) : -182) - 30 * u * u - 26 * Curves.step(0.55, 1.05, u)
        let above = Curves.step(arch - 1.4, arch + 1.4, z)
        // Behind the arch the lung goes on, thinner.
        return edge * max(above, 0.2 * Curves.step(-252, -214, z))
    }

    /// How far the lungs reach to the side: an arch at the top.
    private func outline(_ z: Float) -> Float {
        let full = self.torso.cavity(at: min(z, -92)).radiusX * 0.975
        let t = Curves.unit((z + 92) / 103)
        return full * (1 - t * t).squareRoot()
    }

    private mutating func paintInsideLungs(_ finding: Finding) {
        var inside = self.canvas
        for index in inside.pixels.indices { inside.pixels[index] = 0 }
        for vessel in self.torso.vessels {
            let rod = Rod(
                vessel.start.x,
                -vessel.start.z,
                vessel.end.x,
                -vessel.end.z,
                vessel.radius * 0.9,
                vessel.endRadius * 0.9
            )
            inside.paintShadow(of: rod, density: 1.15)
        }
        let scale = self.torso.heartScale
        let heart = [
            Ellipse(34, 154, 62 * scale, 47 * scale, angle: 0.55), Ellipse(-12, 150, 36 * scale, 44 * scale),
            Ellipse(18, 112, 30, 36), Ellipse(20, 56, 21, 16),
        ]
        for (part, depth) in zip(heart, [Float(52), 46, 34, 26]) {
            inside.paintShadow(of: part, depth: depth, density: 0.8, blend: .most)
        }
        if let nodule = self.torso.nodule {
            inside.paintShadow(
                of: Ellipse(nodule.x, -nodule.z, nodule.radiusX, nodule.radiusZ),
                depth: nodule.radiusY,
                density: 1
            )
        }
        if let opacity = finding.opacity { self.paint(opacity, into: &inside) }
        for index in self.canvas.pixels.indices {
            self.canvas.pixels[index] += inside.pixels[index] * self.lungs.pixels[index]
        }
    }

    /// Fluffy, as fluid in the lung is.
    private func paint(_ opacity: Ellipse, into canvas: inout Canvas) {
        for row in 0..<canvas.height {
            for column in 0..<canvas.width {
                let x = canvas.left + Float(column) * canvas.spacing
                let y = canvas.top + Float(row) * canvas.spacing
                let square = opacity.square(x, y)
                guard square < 1.6 else { continue }
                let cloud = 0.62 + 0.55 * self.torso.clouds.sample(x * 1.1, y * 1.1)
                canvas.pixels[row * canvas.width + column] += 46 * max(0, cloud) * Curves.step(1.6, 0.1, square)
            }
        }
    }

    /// Spine, airway, aorta, breastbone, air in the stomach.
    private mutating func paintMiddle() {
        let spine = Textured(level: 15, amplitude: 3, tile: self.torso.clouds, fineness: 4)
        var level: Float = 62
        while level > -400 {
            let wide = Curves.mix(14, 23, Curves.step(0, -320, level))
            self.canvas.paint(
                Ellipse(0, -level + 8.5, wide, 8.6, squareness: 0.9),
                spine,
                blend: .add
            )
            for side in [Float(-1), 1] {
                self.canvas.paintShadow(of: Ellipse(side * wide * 0.62, -level + 6, 3.4, 4.6), depth: 8, density: 0.7)
                self.canvas.paintShadow(
                    of: Rod(side * 12, -level + 6, side * 31, -level + 2, 4, 3),
                    density: 0.7,
                    blend: .add
                )
            }
            self.canvas.paintShadow(of: Ellipse(0, -level + 13, 3.2, 7), depth: 8, density: 0.8)
            level -= 22.5
        }
        self.canvas.paintShadow(of: Rod(0, -64, 1, 86, 8.6), density: -0.95, blend: .add)
        self.canvas.paintShadow(of: Rod(-3, 88, -26, 112, 6.5, 5.5), density: -0.8, blend: .add)
        self.canvas.paintShadow(of: Rod(3, 88, 32, 116, 5.8, 5), density: -0.8, blend: .add)
        self.canvas.paintShadow(of: Rod(24, 62, 12, 260, 11.5), density: 0.55, blend: .add)
        self.canvas.paintShadow(of: Ellipse(62, 218, 26, 13, angle: 0.1), depth: 20, density: -0.9)
        self.canvas.paintShadow(of: Ellipse(84, 252, 18, 14, angle: 0.5), depth: 16, density: -0.8)
    }

    private mutating func paintRibs() {
        for isFront in [false, true] {
            var layer = self.canvas
            for index in layer.pixels.indices { layer.pixels[index] = 0 }
            for number in 1...12 {
                for side in [Float(-1), 1] { self.paintRib(number, side, isFront: isFront, into: &layer) }
            }
            self.canvas.add(layer)
        }
    }

    private func paintRib(_ number: Int, _ side: Float, isFront: Bool, into layer: inout Canvas) {
        let end = Torso.ribEnd(number)
        let range = isFront ? (Float(1.5), end) : (0.14, min(1.72, end))
        guard range.1 > range.0 else { return }
        let pieces = 26
        var previous: (x: Float, y: Float)?
        for piece in 0...pieces {
            let angle = range.0 + (range.1 - range.0) * Float(piece) / Float(pieces)
            let z = Torso.ribLevel(number) - Torso.ribDrop(number, angle)
            let cavity = self.torso.cavity(at: min(z, 6))
            let reach = max(self.outline(min(z, 0)) + 7, cavity.radiusX * 0.6)
            let point = (x: side * reach * Curves.sine(angle), y: -z)
            if let previous {
                let thick: Float = isFront ? 6.6 : 5.6
                let rod = Rod(previous.x, previous.y, point.x, point.y, thick)
                layer.paintShadow(of: rod, density: isFront ? 1.35 : 2.1, hollow: 0.76, core: 0.42)
            }
            previous = point
        }
    }

    private mutating func paintShoulders() {
        var layer = self.canvas
        for index in layer.pixels.indices { layer.pixels[index] = 0 }
        for side in [Float(-1), 1] {
            layer.paintShadow(of: Rod(side * 13, 20, side * 62, 2, 8, 5.8), density: 1.5, hollow: 0.7, core: 0.4)
            layer.paintShadow(of: Rod(side * 62, 2, side * 148, -14, 5.8, 7.5), density: 1.5, hollow: 0.7, core: 0.4)
            layer.paintShadow(of: Ellipse(side * 178, 14, 25, 26), depth: 25, density: 1.1, blend: .most)
            layer.paintShadow(of: Rod(side * 184, 20, side * 198, 150, 17, 13), density: 1.2, hollow: 0.66, core: 0.4)
            // The border of the shoulder blade, and its blade, thin.
            layer.paintShadow(of: Rod(side * 146, 18, side * 121, 122, 4.4, 3), density: 1.4)
            layer.paintShadow(of: Ellipse(side * 132, 62, 20, 62, angle: side * 0.22), depth: 7, density: 1)
        }
        self.canvas.add(layer)
    }
}
