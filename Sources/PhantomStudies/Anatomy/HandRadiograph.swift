/// The shadow of a made-up hand on a detector, in millimetres of water; `y` grows towards the wrist.
enum HandRadiograph {
    /// One ray: where its first bone begins, which way it goes, and its bones.
    private struct Ray {
        let base: (x: Float, y: Float)
        let angle: Float
        let lengths: [Float]
        let radius: Float
    }

    /// Paints the hand, the thumb at the left.
    static func paint(width: Int, height: Int, spacing: Float, clouds: NoiseTile) -> Canvas {
        var soft = Canvas(width: width, height: height, spacing: spacing, centre: (0, 0), fill: 0)
        var bone = soft
        let rays = [
            Ray(base: (-22, 52), angle: -0.82, lengths: [40, 29, 24], radius: 5.2),
            Ray(base: (-14, 42), angle: -0.2, lengths: [62, 36, 22, 16], radius: 4.6),
            Ray(base: (-2, 40), angle: -0.02, lengths: [59, 40, 26, 17], radius: 4.7),
            Ray(base: (9, 43), angle: 0.15, lengths: [53, 37, 24, 17], radius: 4.3),
            Ray(base: (19, 48), angle: 0.36, lengths: [49, 29, 17, 15], radius: 3.9),
        ]
        for ray in rays { self.paint(ray, soft: &soft, bone: &bone) }
        self.paintWrist(soft: &soft, bone: &bone)
        let spongy = Textured(level: 1, amplitude: 0.16, tile: clouds, fineness: 7)
        for row in 0..<height {
            for column in 0..<width {
                let index = row * width + column
                let x = soft.left + Float(column) * spacing
                let y = soft.top + Float(row) * spacing
                soft.pixels[index] += bone.pixels[index] * spongy.value(x, y)
            }
        }
        return soft
    }

    private static func paint(_ ray: Ray, soft: inout Canvas, bone: inout Canvas) {
        let (dx, dy) = (Curves.sine(ray.angle), -Curves.cosine(ray.angle))
        var start = ray.base
        for (index, length) in ray.lengths.enumerated() {
            let end = (x: start.x + dx * length, y: start.y + dy * length)
            let thin = ray.radius * (1 - 0.13 * Float(index))
            let isLast = index == ray.lengths.count - 1
            let flesh: Float = index == 0 ? 11.5 : 9.4 - Float(index) * 0.8
            soft.paintShadow(of: Rod(start.x, start.y, end.x, end.y, flesh, flesh * (isLast ? 0.75 : 0.95)), density: 1)
            if index == 0 {
                soft.paintShadow(of: Rod(start.x, start.y, start.x * 0.8, 70, 16), density: 0.85)
            }
            // A narrow shaft between two wider ends, a gap for the joint.
            let (gapX, gapY) = (dx * 1.3, dy * 1.3)
            let from = (x: start.x + gapX, y: start.y + gapY)
            let to = (x: end.x - gapX, y: end.y - gapY)
            let middle = (x: (from.x + to.x) / 2, y: (from.y + to.y) / 2)
            let tip = isLast ? thin * 0.75 : thin * 1.25
            let root = thin * 1.5
            bone.paintShadow(
                of: Rod(from.x + dx * root, from.y + dy * root, middle.x, middle.y, root, thin * 0.86),
                density: 2.1,
                hollow: 0.74,
                core: 0.4
            )
            bone.paintShadow(
                of: Rod(middle.x, middle.y, to.x - dx * tip, to.y - dy * tip, thin * 0.86, tip),
                density: 2.1,
                hollow: 0.74,
                core: 0.4
            )
            start = end
        }
    }

    private static func paintWrist(soft: inout Canvas, bone: inout Canvas) {
        soft.paintShadow(of: Rod(-4, 40, -2, 170, 31, 27), density: 0.62)
        soft.paintShadow(of: Rod(-22, 52, -30, 26, 15, 9), density: 0.9)
        let carpals: [(x: Float, y: Float, radiusX: Float, radiusY: Float, angle: Float)] = [
            (-17, 64, 7.5, 10.5, 0.7), (-4, 68, 7.6, 7, 0.1), (8, 66, 6, 6.5, 0.2), (13, 63, 4.2, 5, 0),
            (-19, 50, 6.2, 5.8, 0.3), (-11, 49, 5, 6, -0.2), (-1, 52, 6.2, 10, 0), (10, 53, 7, 7.6, 0.4),
        ]
        for carpal in carpals {
            let shape = Ellipse(
                carpal.x,
                carpal.y,
                carpal.radiusX,
                carpal.radiusY,
                angle: carpal.angle,
                squareness: 0.2
            )
            bone.paintShadow(of: shape, depth: 7, density: 1.05, blend: .most)
        }
        bone.paintShadow(of: Rod(-9, 84, -11, 104, 13.5, 8), density: 0.8, hollow: 0.84, core: 0.5)
        bone.paintShadow(of: Rod(-11, 102, -12, 190, 7.8), density: 1.45, hollow: 0.68, core: 0.35)
        bone.paintShadow(of: Rod(17, 86, 17, 100, 7.6, 5.6), density: 1.6, hollow: 0.8, core: 0.45)
        bone.paintShadow(of: Rod(17, 98, 15, 190, 6), density: 2, hollow: 0.66, core: 0.35)
    }
}
