extension TorsoSlice {
    /// Liver, spleen, stomach, kidneys, bowel and what feeds them.
    mutating func paintAbdomen() {
        guard self.z < -150 else { return }
        let cavity = self.torso.cavity(at: self.z).inset(-1)
        self.paintDiaphragm(cavity)
        self.paintBowel(cavity)
        self.paintStomach(cavity)
        if let spleen = self.torso.spleen.cut(at: self.z) {
            self.canvas.paint(spleen, self.tissue(128, 8), clip: cavity)
        }
        self.paintLiver(cavity)
        self.paintKidneys()
        if self.z < -222 { self.paintVesselsOfTheBack() }
    }

    /// The muscle over liver and spleen, a little larger than they are.
    private mutating func paintDiaphragm(_ cavity: Ellipse) {
        if let dome = self.torso.dome.cut(at: self.z), self.z > -262 {
            self.canvas.paint(dome, self.tissue(48, 8), clip: cavity)
            self.canvas.paint(dome.inset(3), self.tissue(-98, 12), clip: cavity)
        }
        for organ in self.torso.liver + [self.torso.spleen, self.torso.stomach] {
            guard let cut = organ.cut(at: self.z) else { continue }
            self.canvas.paint(cut.inset(-3), self.tissue(45, 8), clip: cavity)
        }
    }

    private mutating func paintLiver(_ cavity: Ellipse) {
        let tissue = self.tissue(112, 9)
        for part in self.torso.liver {
            guard let cut = part.cut(at: self.z) else { continue }
            self.canvas.paint(cut, tissue, clip: cavity)
        }
        guard let right = self.torso.liver[0].cut(at: self.z), right.radiusX > 30 else { return }
        // Veins run to the caval vein high up, the portal vein branches lower down.
        let isHigh = self.z > -225
        for branch in 0..<6 {
            let angle = 2.4 + Float(branch) * 0.36 + Curves.sine(self.z * 0.05 + Float(branch)) * 0.12
            let reach = right.radiusX * (0.5 + 0.1 * Curves.sine(Float(branch) * 9 + self.z * 0.08))
            let from: (x: Float, y: Float) = isHigh ? (-26, 8) : (-34, -6)
            let to = (x: from.x + reach * Curves.cosine(angle), y: from.y - reach * Curves.sine(angle) * 0.9)
            self.canvas.paint(Rod(from.x, from.y, to.x, to.y, isHigh ? 3.6 : 4.4, 1), self.tissue(158, 6))
        }
        if let cyst = self.torso.cyst?.cut(at: self.z) { self.canvas.paint(cyst, self.tissue(6, 3)) }
        let gallbladder = Ellipsoid(x: -44, y: -52, z: -266, radiusX: 15, radiusY: 14, radiusZ: 24, angle: 0.4)
        if let cut = gallbladder.cut(at: self.z) {
            self.canvas.paint(cut.inset(-1.5), Flat(60))
            self.canvas.paint(cut, Flat(9))
        }
    }

    private mutating func paintStomach(_ cavity: Ellipse) {
        guard let wall = self.torso.stomach.cut(at: self.z) else { return }
        self.canvas.paint(wall, self.tissue(72, 8), clip: cavity)
        let inside = wall.inset(4.5)
        self.canvas.paint(inside, self.tissue(18, 14), clip: cavity)
        // Air rises to the front.
        let level = inside.y - inside.radiusY * 0.25
        let air = Ellipse(inside.x, level - 40, 80, 40, squareness: 1)
        self.canvas.paint(inside.inset(0.8), Flat(-960), clip: air)
    }

    private mutating func paintKidneys() {
        for (side, level) in [(Float(1), Float(-284)), (-1, -296)] {
            let kidney = Ellipsoid(
                x: side * 58,
                y: 44,
                z: level,
                radiusX: 25,
                radiusY: 28,
                radiusZ: 54,
                angle: side * -0.5
            )
            guard let cut = kidney.cut(at: self.z) else { continue }
            self.canvas.paint(cut.inset(-5), self.tissue(-104, 10))
            self.canvas.paint(cut, self.tissue(186, 8))
            for pyramid in 0..<5 {
                let angle = Float(pyramid) * 1.1 - 2.2 + (side > 0 ? 0 : Curves.pi)
                let (x, y) = (Curves.cosine(angle) * cut.radiusX * 0.55, Curves.sine(angle) * cut.radiusY * 0.55)
                self.canvas.paint(Ellipse(cut.x + x, cut.y + y, 5.5, 5.5), self.tissue(132, 6), clip: cut)
            }
            self.canvas.paint(Ellipse(cut.x - side * 8, cut.y - 4, 11, 8), self.tissue(-40, 30), clip: cut)
        }
        for (side, x) in [(Float(-1), Float(-30)), (1, 34)] where self.z < -262 {
            let size = Curves.step(-262, -320, self.z)
            self.canvas.paint(Ellipse(x, 48, 8 + 9 * size, 10 + 9 * size, angle: side * 0.4), self.tissue(62, 7))
        }
    }

    private mutating func paintBowel(_ cavity: Ellipse) {
        guard self.z < -225 else { return }
        for loop in 0..<16 {
            let place = Float(loop)
            let drift = Curves.sine(self.z * 0.045 + place * 2.1)
            let x = -96 + Float(loop % 6) * 38 + drift * 9
            let y = -64 + Float(loop / 6) * 30 + Curves.cosine(self.z * 0.04 + place) * 7
            let radius = 12.5 + 3.5 * Curves.sine(place * 3.7 + self.z * 0.03)
            let wall = Ellipse(x, y, radius * 1.15, radius, angle: drift)
            self.canvas.paint(wall, self.tissue(66, 10), clip: cavity)
            self.canvas.paint(wall.inset(2.6), self.tissue(loop % 3 == 0 ? 24 : 40, 26, fineness: 4), clip: cavity)
            if loop % 5 == 1 {
                self.canvas.paint(Ellipse(x, y - radius * 0.35, radius * 0.7, radius * 0.42), Flat(-820), clip: cavity)
            }
        }
        if self.z < -252, self.z > -286 {
            self.canvas.paint(Rod(-26, -14, 26, -22, 10, 8), self.tissue(92, 20, fineness: 5))
        }
    }

    private mutating func paintVesselsOfTheBack() {
        self.canvas.paint(Ellipse(8, 30, 10.5, 10.5), self.tissue(222, 6))
        self.canvas.paint(Ellipse(-22, 26, 13, 9), self.tissue(170, 10))
        if self.z < -240 { self.canvas.paint(Ellipse(4, 8, 4, 4), Flat(210)) }
        if self.z < -244 { self.canvas.paint(Ellipse(-10, 4, 5.5, 5), Flat(176)) }
    }
}
