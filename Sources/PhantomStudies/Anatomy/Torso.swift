/// A made-up chest and upper abdomen, in millimetres.
///
/// `x` grows to the patient's left, `y` to the back, `z` towards the head, as in DICOM (PS3.3 §C.7.6.2.1.1). The top of
/// the lungs is at `z = 0`, the lower edge of what there is at about -330.
struct Torso: Sendable {
    /// Half the width of the trunk at the waist.
    let halfWidth: Float
    /// Half the depth.
    let halfDepth: Float
    /// Thickness of the fat under the skin.
    let fat: Float
    /// The size of the heart beside the usual.
    let heartScale: Float
    /// A lump in the right lung, where there is one.
    let nodule: Ellipsoid?
    /// A cyst in the liver, where there is one.
    let cyst: Ellipsoid?
    /// The vessels of both lungs.
    let vessels: [Vessel]
    /// Clouds inside organs.
    let clouds: NoiseTile

    /// One piece of a vessel.
    struct Vessel: Sendable {
        let start: (x: Float, y: Float, z: Float)
        let end: (x: Float, y: Float, z: Float)
        let radius: Float
        let endRadius: Float
    }

    /// What tells one torso from another.
    struct Build: Sendable {
        var size: Float = 1
        var fat: Float = 16
        var heartScale: Float = 1
        var noduleRadius: Float = 0
        var cystRadius: Float = 0
    }

    init(_ build: Build, seed: UInt64, label: String) {
        var generator = SeededGenerator(seed: seed, label: label + "/torso")
        self.halfWidth = 150 * build.size + build.fat
        self.halfDepth = 101 * build.size + build.fat * 0.8
        self.fat = build.fat
        self.heartScale = build.heartScale
        self.clouds = NoiseTile.clouds(side: 128, coarsest: 8, octaves: 4, generator: &generator)
        let nodule = Ellipsoid(
            x: -78,
            y: 8,
            z: -88,
            radiusX: build.noduleRadius,
            radiusY: build.noduleRadius * 0.9,
            radiusZ: build.noduleRadius
        )
        self.nodule = build.noduleRadius > 0 ? nodule : nil
        let cyst = Ellipsoid(
            x: -82,
            y: -2,
            z: -238,
            radiusX: build.cystRadius,
            radiusY: build.cystRadius,
            radiusZ: build.cystRadius
        )
        self.cyst = build.cystRadius > 0 ? cyst : nil
        var vessels: [Vessel] = []
        for side in [Float(-1), 1] { Self.growTree(side: side, generator: &generator, into: &vessels) }
        self.vessels = vessels
    }

    /// The outline of the skin.
    func body(at z: Float) -> Ellipse {
        let shoulder = Curves.step(-75, -5, z)
        let waist = Curves.step(-200, -290, z)
        return Ellipse(
            0,
            2,
            self.halfWidth + 26 * shoulder - 6 * waist,
            self.halfDepth - 12 * shoulder - 4 * waist,
            squareness: 0.55
        )
    }

    /// The inside of the ribs and of the wall of the belly.
    func cavity(at z: Float) -> Ellipse {
        let wide = Curves.step(14, -95, z)
        let deep = Curves.step(14, -80, z)
        return Ellipse(
            0,
            -7,
            Curves.mix(54, self.halfWidth - self.fat - 15, wide),
            Curves.mix(38, self.halfDepth - self.fat * 0.8 - 13, deep),
            squareness: 0.35
        )
    }

    /// One lung, `side` -1 for the right and 1 for the left, nil above and below.
    func lung(side: Float, at z: Float) -> Ellipse? {
        guard z < 6, z > -262 else { return nil }
        let cavity = self.cavity(at: z)
        let apex = Curves.unit((8 - z) / 70).squareRoot()
        // The lungs reach down behind liver and spleen in a thin rim, which ends here.
        let base = Curves.unit((z + 262) / 40).squareRoot()
        let scale = apex * (0.55 + 0.45 * base)
        return Ellipse(
            side * cavity.radiusX * 0.53,
            cavity.y + (1 - base) * 30,
            cavity.radiusX * 0.49 * scale,
            cavity.radiusY * 0.965 * scale * (0.6 + 0.4 * base),
            squareness: 0.3
        )
    }

    var heart: Ellipsoid {
        Ellipsoid(x: 26, y: -26, z: -152, radiusX: 62, radiusY: 46, radiusZ: 58, angle: 0.55).scaled(self.heartScale)
    }

    /// What the diaphragm arches over.
    var dome: Ellipsoid {
        Ellipsoid(
            x: 0,
            y: -9,
            z: -330,
            radiusX: self.halfWidth - self.fat - 22,
            radiusY: self.halfDepth - self.fat * 0.8 - 19,
            radiusZ: 136
        )
    }

    var liver: [Ellipsoid] {
        [
            Ellipsoid(x: -66, y: -2, z: -240, radiusX: 76, radiusY: 78, radiusZ: 72),
            Ellipsoid(x: -4, y: -42, z: -222, radiusX: 74, radiusY: 36, radiusZ: 38, angle: -0.18),
        ]
    }

    var spleen: Ellipsoid {
        Ellipsoid(x: 98, y: 34, z: -236, radiusX: 26, radiusY: 48, radiusZ: 48, angle: -0.45)
    }

    var stomach: Ellipsoid {
        Ellipsoid(x: 58, y: -28, z: -240, radiusX: 46, radiusY: 36, radiusZ: 50, angle: 0.3)
    }

    /// The level of rib `number` (1…12) at the spine.
    static func ribLevel(_ number: Int) -> Float { 4 - 22.5 * Float(number - 1) }

    /// How far rib `number` drops on its way to `angle` (0 at the back, π in front).
    static func ribDrop(_ number: Int, _ angle: Float) -> Float {
        let steepness: Float = number == 1 ? 34 : 48 + 2.2 * Float(number)
        return steepness * Curves.step(-0.2, Curves.pi, angle)
    }

    /// Where the bone of rib `number` ends.
    static func ribEnd(_ number: Int) -> Float {
        switch number {
        case 12: 1.05
        case 11: 1.5
        case 8...10: 2.35
        default: 2.55
        }
    }

    /// Branches outwards from the root of a lung: each piece parts in two that are thinner and shorter.
    private static func growTree(side: Float, generator: inout SeededGenerator, into vessels: inout [Vessel]) {
        var open: [(x: Float, y: Float, z: Float, dx: Float, dy: Float, dz: Float, radius: Float, length: Float)] = []
        for start in 0..<11 {
            let turn = Float(start) / 11 * 2 * Curves.pi + generator.uniform(-0.3...0.3)
            let direction = (
                x: side * generator.uniform(0.35...0.9), y: Curves.sine(turn), z: Curves.cosine(turn) * 1.25
            )
            open.append((side * 30, 8, -108, direction.x, direction.y, direction.z, generator.uniform(3.4...5.2), 30))
        }
        while let piece = open.popLast() {
            let norm = (piece.dx * piece.dx + piece.dy * piece.dy + piece.dz * piece.dz).squareRoot()
            let reach = piece.length * generator.uniform(0.75...1.2) / max(norm, 0.01)
            let end = (x: piece.x + piece.dx * reach, y: piece.y + piece.dy * reach, z: piece.z + piece.dz * reach)
            // Kept inside the lung.
            let (u, v, w) = ((end.x - side * 74) / 58, (end.y + 4) / 70, (end.z + 118) / 112)
            guard u * u + v * v + w * w < 1 else { continue }
            vessels.append(
                Vessel(
                    start: (piece.x, piece.y, piece.z),
                    end: end,
                    radius: piece.radius,
                    endRadius: piece.radius * 0.8
                )
            )
            guard piece.radius > 0.55 else { continue }
            for _ in 0..<2 {
                let spread: Float = 0.75
                open.append(
                    (
                        end.x, end.y, end.z,
                        piece.dx / norm + generator.uniform(-spread...spread),
                        piece.dy / norm + generator.uniform(-spread...spread),
                        piece.dz / norm + generator.uniform(-spread...spread),
                        piece.radius * generator.uniform(0.66...0.8), piece.length * 0.86
                    )
                )
            }
        }
    }
}
