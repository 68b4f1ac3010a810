/// Base64 with padding (RFC 4648 §4), as `InlineBinary` has it.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let sextets: [UInt8] = {
        var sextets = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in Self.alphabet.enumerated() { sextets[Int(letter)] = UInt8(value) }
        return sextets
    }()

    static func encode(_ bytes: [UInt8], into text: inout [UInt8]) {
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if rest > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if rest > 2 { group |= UInt32(bytes[index + 2]) }
            for position in 0..<4 {
                let isPadding = position > rest
                text.append(isPadding ? UInt8(ascii: "=") : Self.alphabet[Int(group >> UInt32(18 - 6 * position) & 63)])
            }
            index += 3
        }
    }

    /// Decodes a whole text; nothing comes of one with other characters, wrong padding or stray bits.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var sextets = 0
        var padding = 0
        for letter in text {
            if letter == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let sextet = Self.sextets[Int(letter)]
            guard padding == 0, sextet != 0xFF else { return nil }
            group = group << 6 | UInt32(sextet)
            sextets += 1
            guard sextets == 4 else { continue }
            bytes += [
                UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8), UInt8(group & 0xFF),
            ]
            (group, sextets) = (0, 0)
        }
        switch (sextets, padding) {
        case (0, 0): return bytes
        case (3, 1) where group & 0b11 == 0:
            return bytes + [UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2)]
        case (2, 2) where group & 0b1111 == 0: return bytes + [UInt8(truncatingIfNeeded: group >> 4)]
        default: return nil
        }
    }
}
