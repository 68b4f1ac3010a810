import Foundation

/// Numbers that look random and are the same for the same seed, subject and number, in whatever order they are asked for.
struct Chance {
    private var state: UInt64

    /// What the numbers decide about; two subjects of the same number do not resemble each other.
    enum Subject: UInt64 {
        case calendar = 1
        case family
        case given
        case patient
        case study
    }

    init(seed: UInt64, _ subject: Subject, _ number: Int) {
        self.state = seed &* 0x9E37_79B9_7F4A_7C15 ^ subject.rawValue &* 0xD1B5_4A32_D192_ED03
        self.state ^= UInt64(bitPattern: Int64(number)) &* 0x8CB9_2BA7_2F3D_8DD7
        _ = self.next()
    }

    /// The next 64 bits (SplitMix64).
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var bits = self.state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }

    /// From 0 up to, but not, 1.
    mutating func fraction() -> Double { Double(self.next() >> 11) / Double(1 << 53) }

    /// From 0 up to, but not, the bound.
    mutating func below(_ bound: Int) -> Int { Int(self.fraction() * Double(bound)) }

    /// Whether something happens that happens so often.
    mutating func happens(_ probability: Double) -> Bool { self.fraction() < probability }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[self.below(items.count)] }

    /// One of the items, each as often as its weight says.
    mutating func pick<Item>(weighted items: [(item: Item, weight: Int)]) -> Item {
        var left = self.below(items.reduce(0) { $0 + $1.weight })
        for (item, weight) in items {
            left -= weight
            if left < 0 { return item }
        }
        return items[0].item
    }

    /// A rank from 0 up to, but not, the count, low ones far more often, as with names (Zipf's law as Mandelbrot has it).
    ///
    /// With 40,000 ranks the first has 1 %, the first hundred have 12 %, and half of the ranks share 20 %.
    mutating func rank(of count: Int) -> Int {
        let exponent = 0.33
        let shift = 0.65
        let from = pow(shift, exponent)
        let to = pow(Double(count) + shift, exponent)
        let rank = pow(from + self.fraction() * (to - from), 1 / exponent) - shift
        return min(max(Int(rank), 0), count - 1)
    }
}
