import NIOCore

/// An IP address, or a block of them such as `10.0.0.0/8`.
package struct AddressRange: Hashable, Sendable {
    private let bytes: [UInt8]
    private let bits: Int

    /// Reads an address of either family, with a prefix length or without.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let bytes = Self.bytes(String(first)) else { return nil }
        self.bytes = bytes
        guard parts.count == 2 else {
            self.bits = bytes.count * 8
            return
        }
        guard let bits = Int(parts[1]), String(bits) == parts[1], (0...(bytes.count * 8)).contains(bits) else {
            return nil
        }
        self.bits = bits
    }

    /// Whether the address lies in the block; one that cannot be read does not.
    func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(address), other.count == self.bytes.count else { return false }
        return zip(self.bytes, other).enumerated().allSatisfy { index, pair in
            let left = min(max(self.bits - index * 8, 0), 8)
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> left)
            return pair.0 & mask == pair.1 & mask
        }
    }

    /// Four or sixteen bytes; an IPv4 address in IPv6's form is the IPv4 address.
    static func bytes(_ text: String) -> [UInt8]? {
        do {
            switch try SocketAddress(ipAddress: text, port: 0) {
            case .v4(let address):
                // Family and port come first in the structure, four bytes together (netinet/in.h).
                return withUnsafeBytes(of: address.address) { Array($0[4..<8]) }
            case .v6(let address):
                // And here the flow label as well, another four.
                let bytes = withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
                let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
                return bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
            case .unixDomainSocket:
                return nil
            }
        } catch {
            return nil
        }
    }
}
