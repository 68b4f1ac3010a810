/// An ellipse in millimetres, turned by an angle, on its way to a rectangle where `squareness` is above zero.
struct Ellipse: Sendable {
    let x: Float
    let y: Float
    let radiusX: Float
    let radiusY: Float
    private let cosine: Float
    private let sine: Float
    private let squareness: Float

    init(_ x: Float, _ y: Float, _ radiusX: Float, _ radiusY: Float, angle: Float = 0, squareness: Float = 0) {
        self.x = x
        self.y = y
        self.radiusX = max(radiusX, 0.01)
        self.radiusY = max(radiusY, 0.01)
        self.cosine = Curves.cosine(angle)
        self.sine = Curves.sine(angle)
        self.squareness = squareness
    }

    /// The square of the distance from the centre, where 1 is the edge.
    func square(_ x: Float, _ y: Float) -> Float {
        let (dx, dy) = (x - self.x, y - self.y)
        let u = (dx * self.cosine + dy * self.sine) / self.radiusX
        let v = (dy * self.cosine - dx * self.sine) / self.radiusY
        let (uu, vv) = (u * u, v * v)
        return uu + vv - self.squareness * uu * vv
    }

    /// The same shape, smaller by so many millimetres all around.
    func inset(_ margin: Float) -> Ellipse {
        var smaller = Ellipse(self.x, self.y, self.radiusX - margin, self.radiusY - margin, squareness: self.squareness)
        smaller = Ellipse(smaller, cosine: self.cosine, sine: self.sine)
        return smaller
    }

    private init(_ other: Ellipse, cosine: Float, sine: Float) {
        self.x = other.x
        self.y = other.y
        self.radiusX = other.radiusX
        self.radiusY = other.radiusY
        self.squareness = other.squareness
        self.cosine = cosine
        self.sine = sine
    }
}

/// An ellipsoid in millimetres, of which slices are painted.
struct Ellipsoid: Sendable {
    let x: Float
    let y: Float
    let z: Float
    let radiusX: Float
    let radiusY: Float
    let radiusZ: Float
    var angle: Float = 0

    /// The ellipse in which a horizontal plane cuts it, nil above and below.
    func cut(at z: Float) -> Ellipse? {
        let w = (z - self.z) / self.radiusZ
        let rest = 1 - w * w
        guard rest > 0.002 else { return nil }
        let scale = rest.squareRoot()
        return Ellipse(self.x, self.y, self.radiusX * scale, self.radiusY * scale, angle: self.angle)
    }

    /// The same at another size.
    func scaled(_ factor: Float) -> Ellipsoid {
        Ellipsoid(
            x: self.x,
            y: self.y,
            z: self.z,
            radiusX: self.radiusX * factor,
            radiusY: self.radiusY * factor,
            radiusZ: self.radiusZ * factor,
            angle: self.angle
        )
    }
}

/// A rod with round ends whose thickness may change along it.
struct Rod: Sendable {
    let x: Float
    let y: Float
    let endX: Float
    let endY: Float
    let radius: Float
    let endRadius: Float

    init(_ x: Float, _ y: Float, _ endX: Float, _ endY: Float, _ radius: Float, _ endRadius: Float? = nil) {
        self.x = x
        self.y = y
        self.endX = endX
        self.endY = endY
        self.radius = radius
        self.endRadius = endRadius ?? radius
    }

    /// The distance of a point from the axis, the radius there, and how far along it lies, 0…1.
    func distance(_ px: Float, _ py: Float) -> (distance: Float, radius: Float, along: Float) {
        let (ax, ay) = (self.endX - self.x, self.endY - self.y)
        let (bx, by) = (px - self.x, py - self.y)
        let length = ax * ax + ay * ay
        let along = length > 0 ? Curves.unit((ax * bx + ay * by) / length) : 0
        let (dx, dy) = (bx - ax * along, by - ay * along)
        return ((dx * dx + dy * dy).squareRoot(), Curves.mix(self.radius, self.endRadius, along), along)
    }
}

/// What a shape is filled with.
protocol Shade: Sendable {
    func value(_ x: Float, _ y: Float) -> Float
}

/// One value.
struct Flat: Shade {
    let level: Float

    init(_ level: Float) { self.level = level }

    func value(_ x: Float, _ y: Float) -> Float { self.level }
}

/// One value and clouds around it.
struct Textured: Shade {
    let level: Float
    let amplitude: Float
    let tile: NoiseTile
    /// Points of the tile per millimetre.
    let fineness: Float
    /// Moves the clouds, as the slice does.
    var shift: Float = 0
    /// Added per millimetre downwards.
    var slope: Float = 0

    func value(_ x: Float, _ y: Float) -> Float {
        let cloud = self.tile.sample(x * self.fineness + self.shift, y * self.fineness + self.shift * 0.7)
        return self.level + self.amplitude * cloud + self.slope * y
    }
}
