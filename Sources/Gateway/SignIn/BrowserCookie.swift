import HTTPTypes

/// The cookie that holds the secret of a browser's session.
///
/// `Secure` and the prefix `__Host-` bind it to this host over TLS. Over plain HTTP on a loopback address not every
/// browser would keep such a cookie, so there it goes without both.
struct SessionCookie: Sendable {
    let isSecure: Bool

    var name: String { self.isSecure ? "__Host-collimator_session" : "collimator_session" }

    /// The `Set-Cookie` that begins a session.
    func beginning(_ secret: String, lifetime: Duration) -> String {
        "\(self.name)=\(secret); \(self.attributes); Max-Age=\(lifetime.components.seconds)"
    }

    /// The `Set-Cookie` that takes the cookie away.
    var ending: String { "\(self.name)=; \(self.attributes); Max-Age=0" }

    /// The secret that a request carries; nil where there is none, or several that two readers could choose from.
    func secret(in headers: HTTPFields) -> String? {
        let values = headers[values: .cookie].flatMap { $0.split(separator: ";") }.compactMap { pair in
            let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && parts[0] == self.name ? String(parts[1]) : nil
        }
        return values.count == 1 ? values.first : nil
    }

    private var attributes: String { "Path=/; HttpOnly; SameSite=Strict" + (self.isSecure ? "; Secure" : "") }
}
