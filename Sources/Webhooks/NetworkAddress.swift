internal import Glibc

/// An address of the internet protocol, as bytes: 4 or 16.
package struct NetworkAddress: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Nil for another number of bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads the usual forms alone: four decimal parts, or an IPv6 address without a zone.
    package init?(_ text: String) {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            let value = UInt32(bigEndian: four.s_addr)
            self.bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self.bytes = withUnsafeBytes(of: &six) { Array($0) }
    }
}

extension NetworkAddress {
    /// In a form that every program reads: four decimal parts, or eight of hexadecimal digits.
    package var text: String {
        guard self.bytes.count == 16 else { return self.bytes.map { "\($0)" }.joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2).map { index in
            String(UInt16(self.bytes[index]) << 8 | UInt16(self.bytes[index + 1]), radix: 16)
        }.joined(separator: ":")
    }
}

/// A range of addresses, such as `10.0.0.0/8`.
package struct NetworkRange: Hashable, Sendable {
    let bytes: [UInt8]
    let bits: Int

    /// Nil for what is no range; an address alone is the range of itself.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = NetworkAddress(String(parts[0])) else { return nil }
        let all = address.bytes.count * 8
        guard let bits = parts.count == 1 ? all : Int(parts[1]), (0...all).contains(bits) else { return nil }
        self.bytes = address.bytes
        self.bits = bits
    }

    /// Whether the address lies in it.
    package func contains(_ address: NetworkAddress) -> Bool {
        guard address.bytes.count == self.bytes.count else { return false }
        for index in 0..<self.bytes.count {
            let bits = min(8, max(0, self.bits - index * 8))
            guard bits > 0 else { return true }
            let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
            guard address.bytes[index] & mask == self.bytes[index] & mask else { return false }
        }
        return true
    }
}
