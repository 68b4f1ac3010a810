/// Which addresses may be dialled: those of the public internet, and the private networks that are allowed by name.
///
/// It is asked about the address of the connection, never about a name: what a name stands for changes between a check
/// and its use.
package struct AddressPolicy: Hashable, Sendable {
    /// Networks that are not public and may be dialled all the same.
    package var allowed: [NetworkRange]
    /// Addresses of this machine, which are never dialled unless they are allowed.
    package var own: Set<NetworkAddress>
    /// Whether an address of loopback that is allowed by name may be called without encryption: on the machine of
    /// somebody who tries things out.
    package var allowsPlainLoopback: Bool

    package init(
        allowed: [NetworkRange] = [],
        own: Set<NetworkAddress> = [],
        allowsPlainLoopback: Bool = false
    ) {
        self.allowed = allowed
        self.own = own
        self.allowsPlainLoopback = allowsPlainLoopback
    }

    /// Whether what is sent to the address may go without encryption.
    func permitsPlain(_ address: NetworkAddress) -> Bool {
        self.allowsPlainLoopback && Self.loopback.contains { $0.contains(address) }
            && self.allowed.contains { $0.contains(address) }
    }

    private static let loopback = ["127.0.0.0/8", "::1/128"].map(Self.range)

    /// Whether a network can be allowed by name: not one that holds an address under which clouds give out credentials.
    package static func canBeAllowed(_ network: NetworkRange) -> Bool {
        !Self.metadata.contains { network.contains($0) }
    }

    private static let metadata = ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd20:ce::254"]
        .compactMap { NetworkAddress($0) }

    /// Whether a connection to the address may carry a delivery.
    package func permits(_ address: NetworkAddress) -> Bool {
        let inner = Self.carried(by: address)
        // An address within another is decided as what it stands for, and must be public as it is, too.
        if let inner, inner.bytes.count == 4 { return self.permits(inner) }
        if self.allowed.contains(where: { $0.contains(address) }) { return true }
        if self.own.contains(address) { return false }
        if address.bytes.count == 16, !Self.global.contains(address) { return false }
        return !Self.refused.contains { $0.contains(address) }
    }

    /// The IPv4 address that an IPv4-mapped address is another form of; nil for others.
    ///
    /// Those that are carried through a gateway or a tunnel (NAT64, 6to4, Teredo) are refused as ranges: where
    /// they come out is for others to decide.
    private static func carried(by address: NetworkAddress) -> NetworkAddress? {
        guard address.bytes.count == 16, address.bytes.prefix(10).allSatisfy({ $0 == 0 }),
            address.bytes[10] == 0xFF, address.bytes[11] == 0xFF
        else { return nil }
        return NetworkAddress(bytes: Array(address.bytes.suffix(4)))
    }

    /// What is routed of IPv6 at all (RFC 4291 §2.4); everything else is refused.
    private static let global = Self.range("2000::/3")

    /// The special-purpose registries of IANA, and what tunnels an IPv4 address.
    private static let refused: [NetworkRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    ].map(Self.range)

    private static func range(_ text: String) -> NetworkRange {
        guard let range = NetworkRange(text) else { preconditionFailure("a range in the code is not valid") }
        return range
    }
}
