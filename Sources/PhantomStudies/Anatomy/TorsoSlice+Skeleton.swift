extension TorsoSlice {
    /// The place of the middle of the vertebral bodies.
    static let spineY: Float = 50

    /// A vertebra or a disc, the canal behind it, and the arch where there is one at this level.
    mutating func paintSpine() {
        let spineY = Self.spineY
        // A vertebra every 22.5 mm as the ribs have it, of which 5.5 are disc.
        let level = (self.z / 22.5 - (self.z / 22.5).rounded(.down)) * 22.5
        let isDisc = level > 17
        let wide: Float = Curves.mix(14, 23, Curves.step(0, -320, self.z))
        let body = Ellipse(0, spineY, wide, wide * 0.82, squareness: 0.25)
        if isDisc {
            self.canvas.paint(body, self.tissue(96, 8))
        } else {
            self.canvas.paint(body, self.tissue(430, 60))
            self.canvas.paint(body.inset(1.7), self.tissue(205, 60, fineness: 6))
        }
        let canalY = spineY + wide * 0.82 + 8
        let arch = self.tissue(460, 70, fineness: 4)
        self.canvas.paint(Ellipse(0, canalY, 13.5, 11.5), isDisc ? self.tissue(70, 10) : arch)
        self.canvas.paint(Ellipse(0, canalY, 10.5, 8.5), self.tissue(-20, 10))
        self.canvas.paint(Ellipse(0, canalY, 7.5, 6.5), Flat(24))
        self.canvas.paint(Ellipse(0, canalY, 4.6, 3.8), Flat(40))
        self.canvas.paint(Rod(0, canalY + 11, 0, canalY + 25, 3.6, 2.8), arch)
        guard !isDisc else { return }
        for side in [Float(-1), 1] {
            self.canvas.paint(Rod(side * 10, canalY + 2, side * 27, canalY + 9, 4.2, 3), arch)
            self.canvas.paint(Rod(side * 10, canalY + 2, side * 27, canalY + 9, 2.2, 1.2), self.tissue(210, 40))
        }
    }

    /// Each rib where its way around the chest crosses the slice, cartilage in front, and the breastbone.
    mutating func paintRibs() {
        let cavity = self.torso.cavity(at: self.z)
        for number in 1...12 {
            for side in [Float(-1), 1] { self.paintRib(number, side, cavity) }
        }
        guard self.z < -28, self.z > -178 else { return }
        let sternum = Ellipse(0, cavity.y - cavity.radiusY - 5, self.z > -62 ? 25 : 16, 6.2, squareness: 0.4)
        self.canvas.paint(sternum, self.tissue(330, 40))
        self.canvas.paint(sternum.inset(1.8), self.tissue(130, 40, fineness: 6))
    }

    private mutating func paintRib(_ number: Int, _ side: Float, _ cavity: Ellipse) {
        let (radiusX, radiusY) = (cavity.radiusX + 6, cavity.radiusY + 6.5)
        let end = Torso.ribEnd(number)
        let last: Float = number <= 7 ? 2.95 : (number <= 10 ? 2.7 : end)
        var angle: Float = 0.16
        while angle < last {
            defer { angle += 0.03 }
            let height = self.z - (Torso.ribLevel(number) - Torso.ribDrop(number, angle))
            // A rib is about 13 mm high and flat.
            guard abs(height) < 6.5 else { continue }
            let thick = 4.4 * (1 - (height / 6.5) * (height / 6.5)).squareRoot()
            let x = side * radiusX * Curves.sine(angle)
            // The squareness of the cavity pushes the ribs out between the axes.
            let bulge = 1 + 0.055 * abs(Curves.sine(2 * angle))
            let y = cavity.y + radiusY * Curves.cosine(angle)
            if angle < end {
                self.canvas.paint(Ellipse(x * bulge, y * bulge, thick, thick), Flat(560), blend: .most)
                if thick > 2.6 { self.marrow(x * bulge, y * bulge, thick - 2) }
            } else {
                self.canvas.paint(Ellipse(x * bulge, y * bulge, thick, thick), Flat(118), blend: .most)
            }
        }
    }

    private mutating func marrow(_ x: Float, _ y: Float, _ radius: Float) {
        self.canvas.paint(Ellipse(x, y, radius, radius), self.tissue(190, 40))
    }

    /// Shoulder blades and collar bones.
    mutating func paintShoulders() {
        let back = self.torso.halfDepth
        if self.z < -8, self.z > -128 {
            let down = (-8 - self.z) / 120
            for side in [Float(-1), 1] {
                let inner = (x: side * Curves.mix(72, 92, down), y: back * Curves.mix(0.72, 0.66, down))
                let outer = (x: side * Curves.mix(150, 112, down), y: back * Curves.mix(0.18, 0.5, down))
                self.canvas.paint(Rod(inner.x, inner.y, outer.x, outer.y, 3.4, 5.5 - 2 * down), self.tissue(420, 60))
                self.canvas.paint(Rod(inner.x, inner.y, outer.x, outer.y, 1.4, 3 - 2 * down), self.tissue(180, 40))
            }
        }
        if self.z > -26, self.z < 6 {
            for side in [Float(-1), 1] {
                let rise = (self.z + 26) / 32
                let x = side * Curves.mix(22, 120, rise)
                let y = -self.torso.cavity(at: self.z).radiusY - 14 + rise * 16
                self.canvas.paint(Rod(x, y, x + side * 34, y + 6, 6), Flat(520))
                self.canvas.paint(Rod(x, y, x + side * 34, y + 6, 3.6), self.tissue(170, 40))
            }
        }
    }
}
