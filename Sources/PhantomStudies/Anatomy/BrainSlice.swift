/// How bright each tissue is in a magnetic resonance sequence.
struct Contrast: Sendable {
    let fat: Float
    let muscle: Float
    let marrow: Float
    let fluid: Float
    let grey: Float
    let white: Float
    let deep: Float
    let lesion: Float

    static let t1 = Contrast(
        fat: 225,
        muscle: 88,
        marrow: 120,
        fluid: 28,
        grey: 96,
        white: 142,
        deep: 112,
        lesion: 78
    )
    static let t2 = Contrast(
        fat: 150,
        muscle: 42,
        marrow: 84,
        fluid: 232,
        grey: 128,
        white: 84,
        deep: 104,
        lesion: 205
    )
    static let flair = Contrast(
        fat: 132,
        muscle: 60,
        marrow: 74,
        fluid: 18,
        grey: 122,
        white: 88,
        deep: 112,
        lesion: 222
    )
}

/// Paints a horizontal slice through a made-up head; `z = 0` is at the level of the thalami.
struct BrainSlice {
    private let z: Float
    private let contrast: Contrast
    private let clouds: NoiseTile
    private var canvas: Canvas

    /// What tells one head from another.
    struct Head: Sendable {
        /// The width of the ventricles beside the usual.
        var ventricles: Float = 1
        /// Spots in the white matter.
        var lesions: [Ellipsoid] = []
    }

    static func paint(
        _ head: Head,
        z: Float,
        contrast: Contrast,
        clouds: NoiseTile,
        matrix: (size: Int, fieldOfView: Float)
    ) -> Canvas {
        let canvas = Canvas(
            width: matrix.size,
            height: matrix.size,
            spacing: matrix.fieldOfView / Float(matrix.size),
            centre: (0, 2),
            fill: 0
        )
        var slice = BrainSlice(z: z, contrast: contrast, clouds: clouds, canvas: canvas)
        slice.paintSkull()
        if z < -26 { slice.paintBase() } else { slice.paintHemispheres() }
        slice.paintVentricles(head.ventricles)
        for lesion in head.lesions {
            if let cut = lesion.cut(at: z) { slice.canvas.paint(cut, slice.tissue(contrast.lesion)) }
        }
        return slice.canvas
    }

    private init(z: Float, contrast: Contrast, clouds: NoiseTile, canvas: Canvas) {
        self.z = z
        self.contrast = contrast
        self.clouds = clouds
        self.canvas = canvas
    }

    private func tissue(_ level: Float) -> Textured {
        Textured(level: level, amplitude: level * 0.05, tile: self.clouds, fineness: 2, shift: self.z)
    }

    /// The size of the head at this level beside its greatest.
    private var scale: Float {
        let w = self.z > 0 ? self.z / 92 : self.z / 150
        return Curves.unit(1 - w * w).squareRoot()
    }

    private mutating func paintSkull() {
        let scalp = Ellipse(0, 0, 79 * self.scale + 2, 99 * self.scale + 2, squareness: 0.12)
        self.canvas.paint(scalp, self.tissue(self.contrast.muscle))
        self.canvas.paint(scalp.inset(1.6), self.tissue(self.contrast.fat))
        if self.z < -6 {
            for side in [Float(-1), 1] {
                self.canvas.paint(
                    Ellipse(side * 66 * self.scale, -32, 9, 26, angle: side * -0.35),
                    self.tissue(self.contrast.muscle)
                )
            }
        }
        let outer = scalp.inset(6)
        self.canvas.paint(outer, Flat(9))
        self.canvas.paint(outer.inset(1.8), self.tissue(self.contrast.marrow))
        self.canvas.paint(outer.inset(4.4), Flat(11))
        self.canvas.paint(outer.inset(6.2), self.tissue(self.contrast.fluid))
    }

    private var brain: Ellipse { Ellipse(0, 0, 79 * self.scale - 12.5, 99 * self.scale - 12.5, squareness: 0.12) }

    private mutating func paintHemispheres() {
        self.paintCortex(self.brain, folds: 19, isParted: true)
        let deep = [
            // Putamen, caudate, thalamus on both sides.
            Ellipsoid(x: 27, y: -6, z: 4, radiusX: 6.5, radiusY: 17, radiusZ: 15, angle: -0.22),
            Ellipsoid(x: 13.5, y: -22, z: 10, radiusX: 5.5, radiusY: 9, radiusZ: 16, angle: -0.2),
            Ellipsoid(x: 11, y: 13, z: 4, radiusX: 9, radiusY: 14, radiusZ: 13, angle: -0.3),
        ]
        for side in [Float(-1), 1] {
            for part in deep {
                var mirrored = Ellipsoid(
                    x: part.x * side,
                    y: part.y,
                    z: part.z,
                    radiusX: part.radiusX,
                    radiusY: part.radiusY,
                    radiusZ: part.radiusZ
                )
                mirrored.angle = part.angle * side
                if let cut = mirrored.cut(at: self.z) { self.canvas.paint(cut, self.tissue(self.contrast.deep)) }
            }
            // The cleft above the temporal lobe, with cortex on both banks.
            if self.z > -20, self.z < 24 {
                let edge = self.brain.radiusX * 0.985
                let cleft = Rod(side * edge, -14, side * 43, -3, 4.2, 3.4)
                self.canvas.paint(cleft, self.tissue(self.contrast.grey))
                self.canvas.paint(Rod(side * edge, -14, side * 43, -3, 1.2, 0.6), self.tissue(self.contrast.fluid))
                self.canvas.paint(Rod(side * 42, -16, side * 41, 12, 3.2), self.tissue(self.contrast.grey))
                self.canvas.paint(Rod(side * 43.5, -16, side * 42.5, 12, 0.9), self.tissue(self.contrast.fluid))
            }
        }
    }

    /// Cortex, white matter and the fluid in the folds, pixel by pixel.
    private mutating func paintCortex(_ shape: Ellipse, folds: Float, isParted: Bool) {
        let small = min(shape.radiusX, shape.radiusY)
        let contrast = self.contrast
        for row in 0..<self.canvas.height {
            let y = self.canvas.top + Float(row) * self.canvas.spacing
            for column in 0..<self.canvas.width {
                let x = self.canvas.left + Float(column) * self.canvas.spacing
                let square = shape.square(x, y)
                guard square < 1 else { continue }
                var depth = (1 - square.squareRoot()) * small
                let cloud = self.clouds.sample(x * 0.55 + self.z * 1.3, y * 0.55 - self.z * 0.9)
                let toFissure = isParted ? self.distanceToFissure(x, y) : 99
                // Along the surface: around the outside, or along the fissure for the banks of it.
                var along = folds * Curves.angle((y - shape.y) / shape.radiusY, (x - shape.x) / shape.radiusX)
                if toFissure < depth {
                    depth = toFissure
                    along = y * 0.31 + (x > 0 ? 2 : 0)
                }
                let fold = Curves.sine(along + 4.6 * cloud + depth * 0.06 + self.z * 0.11)
                let side = Curves.sine(along * 1.7 + 6 * cloud - self.z * 0.07) * 0.4
                let deepness = Curves.unit(fold * 0.85 + side + 0.1)
                let fluid = Curves.step(0.6, -0.6, depth - (0.6 + 12 * Curves.step(0.8, 1.2, deepness)))
                let white = Curves.step(-0.9, 0.9, depth - (4.6 + 14 * Curves.step(0.1, 1, deepness)))
                var level = Curves.mix(contrast.grey, contrast.white, white)
                level = Curves.mix(level, contrast.fluid, fluid)
                self.canvas.pixels[row * self.canvas.width + column] = level * (1 + 0.03 * cloud)
            }
        }
    }

    /// The fissure between the hemispheres: all along high up, before and behind the callosal body lower down.
    private func distanceToFissure(_ x: Float, _ y: Float) -> Float {
        let open = Curves.step(26, 36, self.z)
        let front = Curves.step(-34, -42, y)
        let back = Curves.step(38, 46, y)
        let here = max(open, max(front, back))
        return here > 0.01 ? abs(x) / here + (1 - here) * 8 : 99
    }

    /// The ventricles, by level.
    private mutating func paintVentricles(_ wide: Float) {
        let fluid = self.tissue(self.contrast.fluid)
        for side in [Float(-1), 1] {
            let horns = [
                // Front horn, body, back horn.
                Ellipsoid(
                    x: side * 8.5,
                    y: -28,
                    z: 8,
                    radiusX: 5.5 * wide,
                    radiusY: 13,
                    radiusZ: 14,
                    angle: side * 0.3
                ),
                Ellipsoid(
                    x: side * 11,
                    y: 2,
                    z: 24,
                    radiusX: 6.5 * wide,
                    radiusY: 33,
                    radiusZ: 10,
                    angle: side * -0.12
                ),
                Ellipsoid(x: side * 24, y: 36, z: 8, radiusX: 6 * wide, radiusY: 15, radiusZ: 15, angle: side * -0.35),
            ]
            for horn in horns { if let cut = horn.cut(at: self.z) { self.canvas.paint(cut, fluid) } }
        }
        let third = Ellipsoid(x: 0, y: 6, z: -3, radiusX: 2.4 * wide, radiusY: 14, radiusZ: 12)
        if let cut = third.cut(at: self.z) { self.canvas.paint(cut, fluid) }
        let fourth = Ellipsoid(x: 0, y: 40, z: -42, radiusX: 8, radiusY: 5, radiusZ: 11)
        if let cut = fourth.cut(at: self.z) { self.canvas.paint(cut, fluid) }
    }

    /// Temporal lobes, brain stem, cerebellum, eyes and the hollows of the face.
    private mutating func paintBase() {
        let inside = self.brain
        self.canvas.paint(inside, self.tissue(self.contrast.fluid * 0.6 + self.contrast.muscle * 0.2))
        let lower = Curves.unit((-26 - self.z) / 40)
        for side in [Float(-1), 1] {
            let lobe = Ellipse(side * 40, -14, 23 - 8 * lower, 34 - 12 * lower, angle: side * 0.15)
            self.paintCortex(lobe, folds: 7, isParted: false)
        }
        self.canvas.paint(Rod(-66, 20, -22, 8, 4), Flat(12))
        self.canvas.paint(Rod(66, 20, 22, 8, 4), Flat(12))
        self.paintCerebellum(lower)
        self.canvas.paint(Ellipse(0, 20, 15, 14), self.tissue(self.contrast.white * 0.9 + self.contrast.grey * 0.1))
        self.canvas.paint(Ellipse(0, 4, 2.2, 2.2), Flat(8))
        guard self.z < -30 else { return }
        self.canvas.paint(Ellipse(0, -64, 44, 30), self.tissue(self.contrast.fat * 0.7))
        self.canvas.paint(Ellipse(0, -60, 15, 26), Flat(6))
        for side in [Float(-1), 1] {
            self.canvas.paint(Rod(side * 15, -34, side * 34, -62, 4, 6), self.tissue(self.contrast.fat))
            self.canvas.paint(Rod(side * 14, -36, side * 32, -64, 1.6), self.tissue(self.contrast.muscle))
            self.canvas.paint(Ellipse(side * 33, -72, 12.5, 12.5), Flat(self.contrast.muscle * 0.7))
            self.canvas.paint(Ellipse(side * 33, -72, 11.4, 11.4), self.tissue(self.contrast.fluid))
            self.canvas.paint(Ellipse(side * 33, -81, 4.5, 2), self.tissue(self.contrast.grey * 0.6))
        }
    }

    private mutating func paintCerebellum(_ lower: Float) {
        let shape = Ellipse(0, 55, 50 - 10 * lower, 29 - 4 * lower)
        for row in 0..<self.canvas.height {
            let y = self.canvas.top + Float(row) * self.canvas.spacing
            for column in 0..<self.canvas.width {
                let x = self.canvas.left + Float(column) * self.canvas.spacing
                let square = shape.square(x, y)
                guard square < 1 else { continue }
                let cloud = self.clouds.sample(x * 0.6, y * 0.6 + self.z)
                // Leaves of cortex, side by side around the middle.
                let leaf = Curves.sine(y * 1.25 - abs(x) * 0.5 + cloud * 3)
                let core = Curves.step(0.75, 0.3, square)
                let white = Curves.unit(0.5 + leaf * 0.5) * 0.5 + core * 0.5
                let level = Curves.mix(self.contrast.grey, self.contrast.white, white)
                let fluid = leaf > 0.86 ? Curves.step(0.4, 0.95, square) * 0.6 : 0
                self.canvas.pixels[row * self.canvas.width + column] = Curves.mix(level, self.contrast.fluid, fluid)
            }
        }
    }
}
