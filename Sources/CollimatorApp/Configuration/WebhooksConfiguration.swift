import NIOSSL
package import Webhooks

/// What calls of endpoints may do: the keys below `webhooks`.
package struct WebhooksConfiguration: Sendable, Hashable {
    /// Networks that are not public and may be called all the same.
    package var allowedPrivateNetworks: [NetworkRange] = []
    /// A file with certificates of authorities that are trusted beside those of the system; nil for none.
    package var trustedCertificates: String?
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
