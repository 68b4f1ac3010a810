package import CollimatorCore
package import Identity

/// Who is believed about who calls: the keys below `identity`.
package struct IdentityConfiguration: Sendable, Hashable {
    package var issuers: [TokenIssuer] = []
    /// Whether a request without a credential has a caller too, whom rules can name.
    package var admitsAnonymous = false
    /// Nil where opaque access tokens of Google do not count.
    package var googleAccessTokens: GoogleAccessTokens.Configuration?
    /// Issuers at which people log in with their browser.
    package var logins: [LoginConfiguration] = []
    /// Who holds the role `administrator` on all stores, whatever the rules say.
    package var administrators: [Principal] = []

    package init(issuers: [TokenIssuer] = []) {
        self.issuers = issuers
    }

    init(reading reader: CheckedReader) {
        self.issuers = Self.issuers(reader)
        switch reader.string("identity.anonymous") ?? "refused" {
        case "refused": break
        case "admitted": self.admitsAnonymous = true
        default: reader.note("identity.anonymous is refused or admitted.")
        }
        self.googleAccessTokens = Self.google(reader)
        self.logins = LoginConfiguration.read(reader, issuers: self.issuers)
        self.administrators = self.administrators(reader)
    }

    /// Users and groups of configured issuers, and apps.
    private func administrators(_ reader: CheckedReader) -> [Principal] {
        let key = "identity.administrators"
        let aliases = Set(self.issuers.map(\.alias) + [self.googleAccessTokens?.alias].compactMap(\.self))
        return reader.strings(key).compactMap { text in
            switch Principal(text) {
            case .user(let issuer, _)?, .group(let issuer, _)?:
                if !aliases.contains(issuer) {
                    reader.note("\(key) names an issuer that identity.issuerNames does not.")
                }
                return Principal(text)
            case .client?: return Principal(text)
            default:
                reader.note("\(key) takes principals such as user:hospital/ann, group:hospital/it and client:portal.")
                return nil
            }
        }
    }

    /// Whether somebody of an issuer administers, so that no administrator key is needed.
    var hasAdministrators: Bool {
        self.administrators.contains { principal in
            switch principal {
            case .user, .group: true
            default: false
            }
        }
    }

    private static func issuers(_ reader: CheckedReader) -> [TokenIssuer] {
        var issuers: [TokenIssuer] = []
        for alias in reader.strings("identity.issuerNames") {
            guard TokenIssuer.isAlias(alias) else {
                reader.note(
                    """
                    identity.issuerNames has a name that is not a word of a-z, 0-9 and - that begins with a letter, or \
                    is one of \(TokenIssuer.reservedAliases.sorted().joined(separator: ", ")).
                    """
                )
                continue
            }
            guard !issuers.contains(where: { $0.alias == alias }) else {
                reader.note("identity.issuerNames has \(alias) twice.")
                continue
            }
            guard let issuer = Self.issuer(alias, reader) else { continue }
            guard !issuers.contains(where: { $0.issuer == issuer.issuer && $0.form == issuer.form }) else {
                reader.note("identity.\(alias).issuer is that of another name.")
                continue
            }
            issuers.append(issuer)
        }
        return issuers
    }

    private static func issuer(_ alias: String, _ reader: CheckedReader) -> TokenIssuer? {
        let key = "identity.\(alias)"
        let isProxy: Bool
        switch reader.string("\(key).kind") ?? "oidc" {
        case "oidc": isProxy = false
        case "iap": isProxy = true
        default:
            reader.note("\(key).kind is oidc or iap.")
            return nil
        }
        let name = reader.string("\(key).issuer") ?? (isProxy ? "https://cloud.google.com/iap" : "")
        let audiences =
            (reader.string("\(key).audience").map { [$0] } ?? []) + Self.audiences(reader, "\(key).audiences")
        if !IssuerMetadata.isUsable(name) { reader.note("\(key).issuer is not an address with https.") }
        if audiences.isEmpty { reader.note("\(key).audience is needed: without it tokens for others would count.") }
        guard IssuerMetadata.isUsable(name), var issuer = TokenIssuer(alias: alias, issuer: name, audiences: audiences)
        else { return nil }
        issuer.form = isProxy ? .proxyAssertion : .bearer
        issuer.keysAddress =
            Self.address(reader, "\(key).jwksURL")
            ?? (isProxy ? "https://www.gstatic.com/iap/verify/public_key-jwk" : nil)
        issuer.allowedDomains = Self.domains(reader, "\(key).allowedDomains")
        issuer.groupsClaim = reader.string("\(key).groupsClaim")
        issuer.subjectClaim = reader.string("\(key).subjectClaim") ?? issuer.subjectClaim
        issuer.kinds = Self.kinds(reader, "\(key).tokens") ?? issuer.kinds
        issuer.lifetimeSecondsMax = Int64(
            reader.integer("\(key).maxLifetime", in: 60...Self.lifetimeSecondsMax, default: 86_400)
        )
        return issuer
    }

    /// Seven days.
    private static let lifetimeSecondsMax = 7 * 24 * 60 * 60

    private static func audiences(_ reader: CheckedReader, _ key: String) -> [String] {
        let audiences = reader.strings(key)
        guard audiences.allSatisfy({ !$0.isEmpty }) else {
            reader.note("\(key) has an empty text.")
            return []
        }
        return audiences
    }

    private static func kinds(_ reader: CheckedReader, _ key: String) -> Set<TokenKind>? {
        let words = reader.strings(key)
        guard !words.isEmpty else { return nil }
        let kinds = words.compactMap(TokenKind.init(rawValue:))
        guard kinds.count == words.count else {
            reader.note("\(key) takes access and identity.")
            return nil
        }
        return Set(kinds)
    }

    private static func address(_ reader: CheckedReader, _ key: String) -> String? {
        guard let text = reader.string(key) else { return nil }
        guard IssuerMetadata.isUsable(text) else {
            reader.note("\(key) is not an address with https.")
            return nil
        }
        return text
    }

    /// Whole domains, in lower case.
    private static func domains(_ reader: CheckedReader, _ key: String) -> [String] {
        let domains = reader.strings(key)
        let isGood = domains.allSatisfy { domain in
            domain.utf8.contains(UInt8(ascii: ".")) && !domain.hasPrefix(".") && !domain.hasSuffix(".")
                && domain.utf8.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
                }
        }
        if !isGood { reader.note("\(key) takes domains such as hospital.example, in small letters.") }
        return domains
    }

    private static func google(_ reader: CheckedReader) -> GoogleAccessTokens.Configuration? {
        let key = "identity.googleAccessTokens"
        let audiences = Self.audiences(reader, "\(key).audiences")
        let alias = reader.string("\(key).alias") ?? "google"
        let address = Self.address(reader, "\(key).tokenInfoURL") ?? GoogleAccessTokens.Configuration.standardAddress
        let domains = Self.domains(reader, "\(key).allowedDomains")
        guard !audiences.isEmpty else { return nil }
        guard TokenIssuer.isAlias(alias) else {
            reader.note("\(key).alias is not a word of a-z, 0-9 and - that begins with a letter.")
            return nil
        }
        return GoogleAccessTokens.Configuration(
            alias: alias,
            audiences: audiences,
            address: address,
            allowedDomains: domains
        )
    }
}
