internal import Cryptography

/// What is remembered of a login between its beginning and the way back: sealed in a cookie of the browser that began it.
///
/// Nothing is kept here meanwhile, so that no number of logins that nobody ends can crowd out those of others. Who brings
/// back the state without the cookie is another browser.
struct LoginTicket: Sendable, Hashable {
    let alias: String
    /// Comes back in the address.
    let state: String
    /// Comes back in the identity token.
    let nonce: String
    /// What the challenge was made of (RFC 7636 §4.1).
    let verifier: String
    /// Where the issuer sends the browser to.
    let redirectURI: String
    /// Where the browser goes afterwards.
    let returnTo: String
    /// When it ends, in seconds since 1970.
    let end: Int64

    private static let version = "1"
    private static let context = Array("login".utf8)

    /// How many random bytes state, nonce and verifier have; as text they are the 43 characters that RFC 7636 asks for.
    private static let randomBytes = 32

    /// A new one.
    static func begin(alias: String, redirectURI: String, returnTo: String, end: Int64) -> LoginTicket {
        LoginTicket(
            alias: alias,
            state: Self.random(),
            nonce: Self.random(),
            verifier: Self.random(),
            redirectURI: redirectURI,
            returnTo: returnTo,
            end: end
        )
    }

    /// The challenge by the method `S256` (RFC 7636 §4.2).
    var challenge: String { Base64URL.encode(SHA256.hash(self.verifier.utf8)) }

    /// The value of the cookie.
    func sealed(_ seal: DeterministicSeal) throws(CryptographyError) -> String {
        let lines = [
            Self.version, self.alias, self.state, self.nonce, self.verifier, self.redirectURI, self.returnTo,
            String(self.end),
        ]
        return Base64URL.encode(try seal.seal(Array(lines.joined(separator: "\n").utf8), in: Self.context))
    }

    /// The ticket in a cookie; nil for what was not sealed here, or has ended.
    static func open(_ text: String, _ seal: DeterministicSeal, now: Int64) -> LoginTicket? {
        guard text.utf8.count <= LoginLimits.ticketBytesMax, let sealed = Base64URL.decode(text),
            let message = seal.open(sealed, in: Self.context)
        else { return nil }
        let lines = String(decoding: message, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        guard lines.count == 8, lines[0] == Self.version, let end = Int64(lines[7]), end > now else { return nil }
        return LoginTicket(
            alias: lines[1],
            state: lines[2],
            nonce: lines[3],
            verifier: lines[4],
            redirectURI: lines[5],
            returnTo: lines[6],
            end: end
        )
    }

    private static func random() -> String { Base64URL.encode(SecureRandom.bytes(Self.randomBytes)) }
}

/// Paths to which a login may lead back: pages of this service and nothing else.
package enum LoginReturn {
    /// Where it leads where nothing is said.
    package static let standard = "/app/"

    private static let folders = ["/app/", "/viewer/"]

    /// Whether the text is the address of a page here, as a path.
    ///
    /// Browsers take `//` and `/\` at the beginning for another host, drop line breaks, and take `%2e%2e` for `..` (WHATWG
    /// URL §4.1): a path is written without escapes.
    package static func isPage(_ text: String) -> Bool {
        guard text.utf8.count <= LoginLimits.returnBytesMax,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return false }
        let path = text.prefix { $0 != "?" && $0 != "#" }
        // Without the studies that its query names nothing is launched.
        let isPage = path == "/docs" || text.hasPrefix("/launch?") || Self.folders.contains { path.hasPrefix($0) }
        return isPage && !path.contains("..") && !path.contains("%")
    }
}
