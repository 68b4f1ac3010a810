import NIOSSL
package import Webhooks

/// What calls of endpoints may do: the keys below `webhooks`.
package struct WebhooksConfiguration: Sendable, Hashable {
    /// Networks that are not public and may be called all the same.
    package var allowedPrivateNetworks: [NetworkRange] = []
    /// A file with certificates of authorities that are trusted beside those of the system; nil for none.
    package var trustedCertificates: String?
    /// What calls go through; nil for none.
    package var proxy: WebhookProxy?
    /// Calls at the same time.
    package var callsMax = 256
    /// Calls of one endpoint at the same time.
    package var callsPerEndpointMax = 8
    /// How long deliveries that have ended are kept, in seconds.
    package var retentionSeconds = 30 * 24 * 60 * 60

    package init() {}

    init(reading reader: CheckedReader) {
        self.allowedPrivateNetworks = Self.networks(reader, "webhooks.allowedPrivateNetworks")
        self.trustedCertificates = Self.certificates(reader, "webhooks.trustedCertificates")
        self.proxy = WebhookProxy(reading: reader)
        self.callsMax = reader.integer("webhooks.callsMax", in: 1...Self.callsMaxMax, default: self.callsMax)
        self.callsPerEndpointMax = reader.integer(
            "webhooks.callsPerEndpointMax",
            in: 1...Self.callsMaxMax,
            default: self.callsPerEndpointMax
        )
        self.retentionSeconds = reader.integer(
            "webhooks.retention",
            in: Self.retentionSecondsRange,
            default: self.retentionSeconds
        )
    }

    /// Each call holds a socket.
    private static let callsMaxMax = 4_096
    /// From an hour to a year.
    private static let retentionSecondsRange = 3_600...365 * 24 * 60 * 60

    /// The limits of the engine that follow.
    var limits: WebhookLimits {
        var limits = WebhookLimits()
        limits.total = self.callsMax
        limits.perEndpoint = self.callsPerEndpointMax
        limits.retention = .seconds(self.retentionSeconds)
        return limits
    }

    private static func networks(_ reader: CheckedReader, _ key: String) -> [NetworkRange] {
        reader.strings(key).compactMap { text in
            guard let network = NetworkRange(text) else {
                reader.note("\(key) takes addresses and blocks of them such as 10.0.0.0/8.")
                return nil
            }
            guard AddressPolicy.canBeAllowed(network) else {
                reader.note("\(key) must not hold 169.254.169.254 or another address that gives out credentials.")
                return nil
            }
            return network
        }
    }

    /// A file that cannot be read stops the start, and not each call.
    private static func certificates(_ reader: CheckedReader, _ key: String) -> String? {
        guard let path = reader.string(key) else { return nil }
        do {
            guard try !NIOSSLCertificate.fromPEMFile(path).isEmpty else {
                reader.note("\(key) has no certificate in it.")
                return nil
            }
            return path
        } catch {
            reader.note("\(key) is not a file with certificates in PEM.")
            return nil
        }
    }
}

/// A forward proxy for HTTP, which is asked to connect (RFC 9110 §9.3.6).
package struct WebhookProxy: Sendable, Hashable {
    package var host: String
    package var port: Int
    /// Whether it resolves the names of endpoints, and decides where calls may go; else that is done here.
    package var resolvesNames = false

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Nil where none is configured.
    init?(reading reader: CheckedReader) {
        let resolution = Self.resolution(reader, "webhooks.proxyResolution")
        guard let text = reader.string("webhooks.proxy") else {
            if resolution != nil { reader.note("webhooks.proxyResolution needs webhooks.proxy.") }
            return nil
        }
        guard let proxy = Self.parsed(text) else {
            reader.note("webhooks.proxy is an address such as http://proxy.example.org:3128, without a user or a path.")
            return nil
        }
        self = proxy
        self.resolvesNames = resolution ?? false
    }

    private static func resolution(_ reader: CheckedReader, _ key: String) -> Bool? {
        switch reader.string(key) {
        case nil: return nil
        case "here": return false
        case "proxy": return true
        default:
            reader.note("\(key) is here or proxy.")
            return nil
        }
    }

    private static func parsed(_ text: String) -> WebhookProxy? {
        guard text.hasPrefix("http://") else { return nil }
        var rest = text.dropFirst("http://".count)
        if rest.hasSuffix("/") { rest.removeLast() }
        guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard NetworkAddress(String(host)) != nil else { return nil }
        } else {
            let isName = host.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            }
            guard isName, !host.isEmpty else { return nil }
        }
        return WebhookProxy(host: String(host), port: port)
    }
}
