/// PNG files of shapes and depths that the encoder does not write, made by hand.
enum StrangePicture {
    /// A grey picture with `depth` bits a sample, of which `rows` are there; all where nil.
    static func png(width: Int, height: Int, depth: UInt8 = 8, rows: Int? = nil) -> [UInt8] {
        let rowBytes = (width * Int(depth) + 7) / 8
        var samples: [UInt8] = []
        for row in 0..<(rows ?? height) {
            // No filter.
            samples.append(0)
            samples.append(contentsOf: (0..<rowBytes).map { UInt8(truncatingIfNeeded: $0 * 3 + row) })
        }
        let header = Self.bigEndian(width) + Self.bigEndian(height) + [depth, 0, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.chunk("IHDR", header)
            + Self.chunk("IDAT", Self.stored(samples)) + Self.chunk("IEND", [])
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + content
        return Self.bigEndian(content.count) + named + Self.bigEndian(Int(Self.checksum(named)))
    }

    /// The CRC of PNG (ISO 3309), bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }

    /// As zlib, in one block without compression: at most 65,535 bytes.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        let length = UInt16(bytes.count)
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        let sizes = [length, ~length].flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        return [0x78, 0x01, 0x01] + sizes + bytes + Self.bigEndian(high << 16 | low)
    }
}
