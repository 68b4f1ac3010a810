extension TorsoSlice {
    /// What lies between the lungs: fat, heart, great vessels, airway and gullet.
    mutating func paintMediastinum() {
        guard self.z > -222 else { return }
        let cavity = self.torso.cavity(at: self.z)
        let wide = Curves.mix(26, 34, Curves.step(-40, -140, self.z))
        self.canvas.paint(Ellipse(2, 14, wide, cavity.radiusY * 0.82), self.tissue(-62, 30), clip: cavity)
        self.canvas.paint(Ellipse(2, -42, wide * 0.62, cavity.radiusY * 0.62), self.tissue(-74, 24), clip: cavity)
        self.paintHeart()
        self.paintGreatVessels()
        self.paintAirway()
        self.canvas.paint(Ellipse(7, 30, 8, 6), Flat(42))
        self.canvas.paint(Ellipse(7, 29, 2, 1.5), Flat(self.z > -150 ? -300 : 20))
    }

    private mutating func paintHeart() {
        guard let heart = self.torso.heart.cut(at: self.z) else { return }
        let scale = self.torso.heartScale
        self.canvas.paint(heart.inset(-4), self.tissue(-86, 16))
        self.canvas.paint(heart, self.tissue(98, 10))
        let chambers = [
            // Left ventricle, right ventricle, left atrium, right atrium.
            Ellipsoid(x: 46, y: -24, z: -160, radiusX: 27, radiusY: 19, radiusZ: 38, angle: 0.75),
            Ellipsoid(x: 4, y: -50, z: -162, radiusX: 36, radiusY: 15, radiusZ: 36, angle: 0.5),
            Ellipsoid(x: 12, y: 2, z: -128, radiusX: 30, radiusY: 15, radiusZ: 24, angle: 0.1),
            Ellipsoid(x: -26, y: -24, z: -142, radiusX: 19, radiusY: 24, radiusZ: 32, angle: 0.2),
        ]
        for (index, chamber) in chambers.enumerated() {
            guard let cut = chamber.scaled(scale).cut(at: self.z) else { continue }
            self.canvas.paint(cut, self.tissue(index % 2 == 0 ? 205 : 178, 7), clip: heart)
        }
        // The wall between the ventricles.
        if self.z < -138, self.z > -190 {
            self.canvas.paint(Rod(18, -32, 52, -50, 3.5), self.tissue(100, 8))
        }
    }

    private mutating func paintGreatVessels() {
        let blood = self.tissue(228, 6)
        let venous = self.tissue(186, 8)
        // The arch and its two arms.
        switch self.z {
        case -62 ..< -46:
            let wide = 1 - abs((self.z + 54) / 14)
            self.canvas.paint(Rod(-10, -24, 20, 26, 11 * max(0.55, wide), 11), blood)
        case ..<(-61):
            if self.z > -126 { self.canvas.paint(Ellipse(-8 + (self.z + 62) * -0.1, -24, 15.5, 15), blood) }
            self.canvas.paint(Ellipse(22 - Curves.step(-140, -230, self.z) * 14, 32, 11.5, 11.5), blood)
        default:
            for (x, y, radius) in [(Float(-16), Float(-14), Float(6)), (2, -12, 4), (17, -2, 5)] {
                self.canvas.paint(Ellipse(x, y, radius, radius), blood)
            }
            self.canvas.paint(Ellipse(24, -24, 7, 6), venous)
        }
        // Upper and lower caval vein.
        if self.z > -122 { self.canvas.paint(Ellipse(-27, -12, 9, 8), venous) }
        if self.z < -168 { self.canvas.paint(Ellipse(-24, 12, 13, 10.5), venous) }
        self.paintPulmonaryArteries(venous)
    }

    private mutating func paintPulmonaryArteries(_ blood: Textured) {
        let near = 1 - abs((self.z + 96) / 17)
        guard near > 0 else { return }
        let thick = 13 * near.squareRoot()
        self.canvas.paint(Rod(16, -30, 12, -10, thick), blood)
        self.canvas.paint(Rod(12, -8, -34, 8, thick * 0.8, thick * 0.55), blood)
        self.canvas.paint(Rod(14, -12, 44, 12, thick * 0.8, thick * 0.55), blood)
    }

    private mutating func paintAirway() {
        if self.z > -88 {
            self.canvas.paint(Ellipse(0, 8, 10.5, 10), Flat(30))
            self.canvas.paint(Ellipse(0, 8, 8.7, 8.2), Flat(-985))
            return
        }
        let apart = (-88 - self.z) * 0.78
        guard apart < 25 else { return }
        for side in [Float(-1), 1] {
            let radius: Float = side < 0 ? 7.2 : 6.2
            self.canvas.paint(Ellipse(side * (7 + apart), 8 + apart * 0.25, radius + 2.8, radius + 1.2), Flat(20))
            self.canvas.paint(Ellipse(side * (7 + apart), 8 + apart * 0.25, radius + 1.4, radius), Flat(-975))
        }
    }
}
