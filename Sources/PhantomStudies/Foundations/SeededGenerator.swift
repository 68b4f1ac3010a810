/// Random numbers that are the same for the same seed and label, on every machine (SplitMix64).
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A stream of its own for each label.
    init(seed: UInt64, label: String) {
        self.state = StableHash.of(label, seed: seed)
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        return StableHash.mixed(self.state)
    }

    /// A number in the range, evenly spread.
    mutating func uniform(_ range: ClosedRange<Float>) -> Float {
        let unit = Float(self.next() >> 40) * (1 / Float(1 << 24))
        return range.lowerBound + unit * (range.upperBound - range.lowerBound)
    }

    /// A number near zero with standard deviation one: four even ones summed, which no eye tells from a bell curve.
    mutating func gaussian() -> Float {
        let bits = self.next()
        let sum = (0..<4).reduce(Float(0)) { sum, part in sum + Float(bits >> UInt64(part * 16) & 0xFFFF) }
        return (sum / 65_535 - 2) * 1.732
    }
}

/// A hash that does not change between runs, unlike the standard library's.
enum StableHash {
    /// The hash of a text.
    static func of(_ text: String, seed: UInt64) -> UInt64 {
        // FNV-1a, then mixed.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ self.mixed(seed)
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return self.mixed(hash)
    }

    /// The finaliser of SplitMix64.
    static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
