/// The few functions that shapes need, in plain arithmetic.
///
/// The C library's versions differ in the last bit between processors; these do not, so that the same seed makes the
/// same bytes everywhere.
enum Curves {
    static let pi: Float = 3.141_592_7

    /// The sine of an angle in radians, to about six digits.
    static func sine(_ angle: Float) -> Float {
        let turns = (angle / (2 * self.pi)).rounded()
        var x = angle - turns * 2 * self.pi
        if x > self.pi / 2 { x = self.pi - x }
        if x < -self.pi / 2 { x = -self.pi - x }
        let square = x * x
        return x * (1 + square * (-1 / 6 + square * (1 / 120 + square * (-1 / 5040 + square / 362_880))))
    }

    /// The cosine of an angle in radians.
    static func cosine(_ angle: Float) -> Float { self.sine(angle + self.pi / 2) }

    /// The angle of the vector from the first axis, in -π…π.
    static func angle(_ x: Float, _ y: Float) -> Float {
        let (ax, ay) = (abs(x), abs(y))
        let larger = max(ax, ay)
        guard larger > 0 else { return 0 }
        let ratio = min(ax, ay) / larger
        let square = ratio * ratio
        var angle =
            ratio
            * (0.999_866 + square * (-0.330_299_5 + square * (0.180_141 + square * (-0.085_133 + square * 0.020_835_1))))
        if ay > ax { angle = self.pi / 2 - angle }
        if x < 0 { angle = self.pi - angle }
        return y < 0 ? -angle : angle
    }

    /// `e` to the power of a number; 0 far below zero.
    static func exponential(_ x: Float) -> Float {
        if x < -80 { return 0 }
        let scaled = min(x, 80) * 1.442_695
        let whole = scaled.rounded(.down)
        let part = (scaled - whole) * 0.693_147_2
        let fraction =
            1 + part * (1 + part * (0.5 + part * (1 / 6 + part * (1 / 24 + part * (1 / 120 + part / 720)))))
        return fraction * Float(sign: .plus, exponent: Int(whole), significand: 1)
    }

    /// 0 at or before `low`, 1 at or after `high`, smooth between; falls where `low` is above `high`.
    static func step(_ low: Float, _ high: Float, _ x: Float) -> Float {
        let t = min(max((x - low) / (high - low), 0), 1)
        return t * t * (3 - 2 * t)
    }

    /// Between two numbers.
    static func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }

    /// Within the range 0…1.
    static func unit(_ x: Float) -> Float { min(max(x, 0), 1) }
}
