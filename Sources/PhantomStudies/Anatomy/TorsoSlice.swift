/// Paints a horizontal slice through a torso in Hounsfield units, after contrast medium.
struct TorsoSlice {
    let torso: Torso
    let z: Float
    var canvas: Canvas

    /// The slice at `z`, `matrix` pixels wide and high over `fieldOfView` millimetres.
    static func paint(_ torso: Torso, z: Float, matrix: Int, fieldOfView: Float) -> Canvas {
        let canvas = Canvas(
            width: matrix,
            height: matrix,
            spacing: fieldOfView / Float(matrix),
            centre: (0, 4),
            fill: -1000
        )
        var slice = TorsoSlice(torso: torso, z: z, canvas: canvas)
        slice.paintTable()
        slice.paintWall()
        slice.paintLungs()
        slice.paintMediastinum()
        slice.paintAbdomen()
        slice.paintSpine()
        slice.paintRibs()
        slice.paintShoulders()
        return slice.canvas
    }

    /// A shade with the torso's clouds in it.
    func tissue(_ level: Float, _ amplitude: Float, fineness: Float = 1.6) -> Textured {
        Textured(
            level: level,
            amplitude: amplitude,
            tile: self.torso.clouds,
            fineness: fineness,
            shift: self.z * 0.37
        )
    }

    private mutating func paintTable() {
        // A bow of carbon fibre with foam in it.
        let under = self.torso.halfDepth + 8
        for step in -18...18 {
            let x = Float(step) * 11
            let y = under + 16 - x * x / 3100
            self.canvas.paint(Rod(x, y, x + 11, under + 16 - (x + 11) * (x + 11) / 3100, 1.2), Flat(-180))
            self.canvas.paint(Rod(x, y + 16, x + 11, y + 16, 1.2), Flat(-180))
        }
    }

    private mutating func paintWall() {
        let body = self.torso.body(at: self.z)
        self.canvas.paint(body, Flat(20))
        self.canvas.paint(body.inset(1.8), self.tissue(-106, 9))
        let muscle = body.inset(self.torso.fat)
        self.canvas.paint(muscle, self.tissue(52, 16, fineness: 2.4))
        let cavity = self.torso.cavity(at: self.z)
        // Fat between the layers of muscle.
        for layer in 0..<26 {
            let angle = Float(layer) / 26 * 2 * Curves.pi + self.z * 0.004
            let (x, y) = (muscle.radiusX * Curves.sine(angle), muscle.radiusY * Curves.cosine(angle))
            let drift = Curves.sine(Float(layer) * 7.3 + self.z * 0.02)
            self.canvas.paint(
                Rod(x * (0.93 + 0.02 * drift), y * 0.93, x * 0.9 - y * 0.1, y * 0.92 + x * 0.09, 0.9),
                Flat(-60)
            )
        }
        self.paintBackMuscles()
        self.canvas.paint(cavity, self.z > -170 ? self.tissue(-70, 25) : self.tissue(-98, 12))
    }

    private mutating func paintBackMuscles() {
        let back = self.torso.halfDepth - self.torso.fat * 0.8
        for side in [Float(-1), 1] {
            self.canvas.paint(Ellipse(side * 30, back - 16, 27, 16, angle: side * 0.15), self.tissue(60, 14))
            self.canvas.paint(Rod(side * 6, back - 30, side * 58, back - 8, 1.1), Flat(-70))
        }
        // The chest muscles in front.
        let pectoral = Curves.step(-20, -45, self.z) * Curves.step(-150, -110, self.z)
        guard pectoral > 0.05 else { return }
        for side in [Float(-1), 1] {
            let y = -self.torso.body(at: self.z).radiusY + self.torso.fat * 0.7 + 13
            self.canvas.paint(
                Ellipse(side * 60, y + 9, 44, 10 * pectoral, angle: side * 0.24),
                self.tissue(58, 12)
            )
        }
    }

    private mutating func paintLungs() {
        let cavity = self.torso.cavity(at: self.z)
        for side in [Float(-1), 1] {
            guard let lung = self.torso.lung(side: side, at: self.z) else { continue }
            var air = self.tissue(-868, 26, fineness: 1)
            // Blood settles towards the back of who lies on it.
            air.slope = 0.45
            self.canvas.paint(lung, air, clip: cavity)
        }
        self.paintVessels()
        self.paintFissures()
        if let nodule = self.torso.nodule?.cut(at: self.z) {
            self.canvas.paint(nodule, self.tissue(38, 14, fineness: 5))
            for ray in 0..<9 {
                let angle = Float(ray) * 0.7 + 0.2
                let reach = nodule.radiusX * (1.3 + 0.25 * Curves.sine(Float(ray) * 5))
                self.canvas.paint(
                    Rod(
                        nodule.x,
                        nodule.y,
                        nodule.x + reach * Curves.cosine(angle),
                        nodule.y + reach * Curves.sine(angle),
                        0.9,
                        0.3
                    ),
                    Flat(-200),
                    blend: .overBelow(-500)
                )
            }
        }
    }

    /// Where a vessel passes through the thickness of the slice its length in it is painted.
    private mutating func paintVessels() {
        let half: Float = 2
        for vessel in self.torso.vessels {
            let (low, high) = (min(vessel.start.z, vessel.end.z), max(vessel.start.z, vessel.end.z))
            guard high > self.z - half, low < self.z + half else { continue }
            let rise = vessel.end.z - vessel.start.z
            var (from, to) = (Float(0), Float(1))
            if abs(rise) > 0.5 {
                let (a, b) = ((self.z - half - vessel.start.z) / rise, (self.z + half - vessel.start.z) / rise)
                from = Curves.unit(min(a, b))
                to = Curves.unit(max(a, b))
            }
            let rod = Rod(
                Curves.mix(vessel.start.x, vessel.end.x, from),
                Curves.mix(vessel.start.y, vessel.end.y, from),
                Curves.mix(vessel.start.x, vessel.end.x, to),
                Curves.mix(vessel.start.y, vessel.end.y, to),
                Curves.mix(vessel.radius, vessel.endRadius, from),
                Curves.mix(vessel.radius, vessel.endRadius, to)
            )
            self.canvas.paint(rod, Flat(120 - 140 * Curves.step(2, 0.5, vessel.radius)), blend: .overBelow(-450))
        }
    }

    /// The thin lines between the lobes.
    private mutating func paintFissures() {
        guard self.z < -45, self.z > -200 else { return }
        let cavity = self.torso.cavity(at: self.z)
        for side in [Float(-1), 1] {
            let y = 46 - (-45 - self.z) * 0.62
            self.canvas.paint(
                Rod(side * 34, y + 8, side * cavity.radiusX * 0.96, y - 8, 0.35),
                Flat(-720),
                blend: .overBelow(-760)
            )
        }
    }
}
