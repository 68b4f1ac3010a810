package import CollimatorCore

/// Where an endpoint is: an address that can be dialled safely, in one form.
package struct WebhookURL: Hashable, Sendable {
    /// Small letters, without a dot at the end, without brackets.
    package let host: String
    package let port: Int
    /// The path and the query, as they are sent.
    package let path: String
    package let isEncrypted: Bool
    /// The address where the host is written as one.
    package let literal: NetworkAddress?

    /// The whole of it in its one form.
    package var text: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        let port = self.port == (self.isEncrypted ? 443 : 80) ? "" : ":\(self.port)"
        return "\(self.isEncrypted ? "https" : "http")://\(host)\(port)\(self.path)"
    }

    static let textBytesMax = 2_048
    private static let ports: Set = [80, 443]
    private static let portsHigh = 1_024...65_535

    /// Reads and checks it.
    ///
    /// Without encryption only an address of loopback is taken, written as an address, where that is allowed. A host in any form of
    /// an address but the usual ones is refused: libraries read those each in their own way.
    /// - Throws: `invalid-input`, with what is wrong.
    package init(_ text: String, policy: AddressPolicy) throws(CollimatorError) {
        guard text.utf8.count <= Self.textBytesMax,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Self.doubtful.contains($0) })
        else { throw Self.refusal("The URL has characters that a URL does not have, or is too long.") }
        let lowered = text.lowercased()
        guard lowered.hasPrefix("https://") || lowered.hasPrefix("http://") else {
            throw Self.refusal("The URL begins with https://.")
        }
        self.isEncrypted = lowered.hasPrefix("https://")
        let rest = text.dropFirst(self.isEncrypted ? 8 : 7)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end].lowercased()
        let tail = rest[end...]
        guard !authority.isEmpty, !authority.contains("@"), !tail.contains("#") else {
            throw Self.refusal("The URL has a user or a fragment, or no host.")
        }
        self.path = tail.hasPrefix("/") ? String(tail) : "/\(tail)"
        let (host, port) = try Self.divided(authority)
        self.port = port ?? (self.isEncrypted ? 443 : 80)
        guard Self.ports.contains(self.port) || Self.portsHigh.contains(self.port) else {
            throw Self.refusal("The port is 80, 443 or one from 1024.")
        }
        if host.hasPrefix("[") {
            guard let address = NetworkAddress(String(host.dropFirst().dropLast())), address.bytes.count == 16 else {
                throw Self.refusal("The host is not an IPv6 address.")
            }
            self.host = String(host.dropFirst().dropLast())
            self.literal = address
        } else {
            self.host = try Self.name(host)
            self.literal = NetworkAddress(self.host)
        }
        if let literal, !policy.permits(literal) { throw Self.refusal("The address may not be called.") }
        guard
            self.isEncrypted || self.literal.map({ policy.permitsPlain($0) }) ?? false
        else { throw Self.refusal("The URL begins with https://.") }
    }

    /// Characters that programs read in different ways.
    private static let doubtful = Set("\"<>\\^`{|}".utf8)

    private static func divided(_ authority: String) throws(CollimatorError) -> (String, Int?) {
        let start = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[start...].firstIndex(of: ":") else { return (authority, nil) }
        let digits = authority[authority.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits)
        else { throw Self.refusal("The port is not a number.") }
        return (String(authority[..<colon]), port)
    }

    /// A name of DNS with letters, digits and hyphens, or an IPv4 address in its usual form.
    private static func name(_ host: String) throws(CollimatorError) -> String {
        var host = host
        if host.hasSuffix(".") { host.removeLast() }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
                }
        }
        guard isName, host.utf8.count <= 253, let last = labels.last else {
            throw Self.refusal("The host is not a name of DNS.")
        }
        // What ends in a number is read as an address (WHATWG URL §3.5), by some in octal or with parts left out.
        let isNumber = last.utf8.allSatisfy { (0x30...0x39).contains($0) } || last.hasPrefix("0x")
        if isNumber {
            guard NetworkAddress(host) != nil else {
                throw Self.refusal("The host is not an address in its usual form.")
            }
            return host
        }
        guard labels.count > 1, !Self.innerNames.contains(String(last)) else {
            throw Self.refusal("The host is a name of this network.")
        }
        return host
    }

    /// Names that no public server has (RFC 6761, RFC 6762, RFC 9476 and what clouds use).
    private static let innerNames: Set = [
        "localhost", "local", "internal", "localdomain", "lan", "home", "corp", "test",
    ]

    private static func refusal(_ detail: StaticString) -> CollimatorError {
        CollimatorError(.invalidInput, "the URL of an endpoint cannot be used", publicDetail: detail)
    }
}
