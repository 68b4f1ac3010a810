internal import FoundationEssentials

/// The address of a service that credentials are sent to: https anywhere, plain http on this machine only.
package struct ServiceAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address without a trailing slash.
    package let description: String

    /// The longest address.
    package static let bytesMax = 2_048

    /// The Healthcare API of Google Cloud.
    package static let healthcare = ServiceAddress(known: "https://healthcare.googleapis.com")
    /// Pub/Sub of Google Cloud.
    package static let pubsub = ServiceAddress(known: "https://pubsub.googleapis.com")
    /// Google's token endpoint.
    package static let googleToken = ServiceAddress(known: "https://oauth2.googleapis.com/token")

    /// Nil where the text is no such address.
    ///
    /// - Parameters:
    ///   - text: scheme, host, optional port and path; no user, query or fragment.
    ///   - allowingPlainHTTP: whether plain http is accepted for other machines too: tokens then travel unprotected.
    package init?(_ text: String, allowingPlainHTTP: Bool = false) {
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URL(string: text), let host = url.host, !host.isEmpty,
            url.user == nil, url.password == nil, url.query == nil, url.fragment == nil
        else { return nil }
        switch url.scheme {
        case "https": break
        // Compared as a whole: `localhost.example.com` is another machine.
        case "http" where allowingPlainHTTP || ["127.0.0.1", "::1", "[::1]", "localhost"].contains(host): break
        default: return nil
        }
        var description = text
        while description.hasSuffix("/") { description.removeLast() }
        self.description = description
    }

    private init(known: String) {
        self.description = known
    }
}
