internal import CollimatorCore

/// Somebody whose signed tokens are believed, as the configuration describes it.
package struct TokenIssuer: Sendable, Hashable {
    /// The name by which principals and rules speak of it.
    package let alias: String
    /// Exactly what its tokens say in `iss`.
    package let issuer: String
    /// What tokens may say in `aud`: never empty, and every audience of a token has to be one of these.
    package let audiences: [String]
    /// What its tokens may say in `iss` instead, where it has a second name; nil where it has none.
    package var otherName: String?
    package var form = Form.bearer
    /// Where its keys are; nil where it says so itself (OpenID Connect Discovery 1.0 §4).
    package var keysAddress: String?
    /// Whose people are let in, as domains in lower case; empty where it does not matter.
    package var allowedDomains: [String] = []
    /// The claim that names the groups of the user: its name, or the way to it with dots; nil where none does.
    package var groupsClaim: String?
    /// The claim that names the user.
    package var subjectClaim = "sub"
    /// What kinds of token count.
    package var kinds: Set<TokenKind> = [.access]
    /// The verified e-mail address of the only account whose tokens count, as with a service account; nil where all do.
    ///
    /// Whoever an identity token was made for is then not looked at (`azp`): service accounts make theirs for themselves.
    package var account: String?
    /// The longest life of a token, in seconds.
    package var lifetimeSecondsMax: Int64 = 24 * 60 * 60

    /// How its tokens come.
    package enum Form: Sendable, Hashable {
        /// In `Authorization`, as RS256 or ES256.
        case bearer
        /// In the header that Google's Identity-Aware Proxy adds, as ES256.
        case proxyAssertion
    }

    /// Nil where an alias, an issuer or an audience is missing or could not be told from others.
    package init?(alias: String, issuer: String, audiences: [String]) {
        guard Self.isAlias(alias), !issuer.isEmpty, !audiences.isEmpty, audiences.allSatisfy({ !$0.isEmpty }) else {
            return nil
        }
        self.alias = alias
        self.issuer = issuer
        self.audiences = audiences
    }

    /// Aliases that mean something else.
    package static let reservedAliases: Set<String> = [Principal.localAlias, "anonymous", "administrators", "login"]

    /// A word of `a-z`, `0-9` and `-` of at most 32 characters that begins with a letter.
    package static func isAlias(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...32).contains(bytes.count), (0x61...0x7A).contains(bytes[0]) else { return false }
        return !Self.reservedAliases.contains(text)
            && bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    /// Whether a token that says this in `iss` is of it.
    func isNamed(_ name: String) -> Bool {
        name.utf8.elementsEqual(self.issuer.utf8) || self.otherName.map { name.utf8.elementsEqual($0.utf8) } ?? false
    }

    /// Google's own tokens name the organisation of a person in `hd`.
    var isGoogle: Bool { self.issuer == "https://accounts.google.com" || self.form == .proxyAssertion }
}

/// What a token of an issuer is for; one must not be taken for another (RFC 8725 §3.12).
package enum TokenKind: String, Sendable, Hashable, CaseIterable {
    /// For calling an API.
    case access
    /// For telling an app who has logged in.
    case identity
}

/// A token that passed every check.
package struct VerifiedToken: Sendable, Hashable {
    package let alias: String
    package let kind: TokenKind?
    package let subject: String
    package let groups: [String]
    /// Whether the issuer has left out the groups because there were too many.
    package let hidesGroups: Bool
    /// A name to show to the user; nobody is known by it.
    package let display: String?
    package let purposeOfUse: String?
    /// `nonce`, which binds an identity token to a login.
    package let nonce: String?
    /// Seconds since 1970.
    package let expires: Int64
}
