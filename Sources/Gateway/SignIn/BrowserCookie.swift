import HTTPTypes

/// A cookie that holds a secret of a browser: that of its session, or of a login that it has begun.
///
/// `Secure` and the prefix `__Host-` bind it to this host over TLS. Over plain HTTP on a loopback address not every
/// browser would keep such a cookie, so there it goes without both.
struct BrowserCookie: Sendable {
    private let word: String
    private let sameSite: String
    private let isSecure: Bool

    /// That of a session: sent with requests of our own page, and with nothing that another site's page begins.
    static func session(isSecure: Bool) -> BrowserCookie {
        BrowserCookie(word: "session", sameSite: "Strict", isSecure: isSecure)
    }

    /// That of a login: the issuer's page leads back to us, so it goes along with such a link too.
    static func login(isSecure: Bool) -> BrowserCookie {
        BrowserCookie(word: "login", sameSite: "Lax", isSecure: isSecure)
    }

    var name: String { "\(self.isSecure ? "__Host-" : "")collimator_\(self.word)" }

    /// The `Set-Cookie` that begins it.
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

    private var attributes: String {
        "Path=/; HttpOnly; SameSite=\(self.sameSite)" + (self.isSecure ? "; Secure" : "")
    }
}
