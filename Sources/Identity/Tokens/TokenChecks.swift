internal import CollimatorCore
internal import Cryptography

/// The checks of what a token claims, once its signature is right.
///
/// The claims are the bytes that were signed, parsed once, and no name occurs in them twice.
struct TokenChecks {
    /// By how much the clock of an issuer may differ from ours, in seconds.
    static let clockSkewSeconds: Int64 = 30
    /// The most groups of one token; more are as good as a token that hides them.
    static let groupsMax = 500

    let issuer: TokenIssuer
    let audiences: [String]
    let kinds: Set<TokenKind>
    /// Seconds since 1970.
    let now: Int64

    /// The token, where every check passes.
    ///
    /// - Throws: `unauthenticated`.
    func token(_ verified: VerifiedJWS) throws(CollimatorError) -> VerifiedToken {
        guard let claims = StrictJSON(parsing: verified.claims), case .object = claims else {
            throw TokenRefusal.error("the claims are no JSON object, or say something twice")
        }
        guard let named = claims["iss"]?.text, named.utf8.elementsEqual(self.issuer.issuer.utf8) else {
            throw TokenRefusal.error("the token is of another issuer")
        }
        // Bound to a key that whoever sends it must show (RFC 7800, RFC 9449 §6): whoever only has the text has stolen it.
        guard claims["cnf"] == nil else { throw TokenRefusal.error("the token is bound to a key that was not shown") }
        try self.checkAudience(claims)
        let expires = try self.checkTimes(claims)
        let kind = try self.checkKind(claims, type: verified.header.type)
        guard let subject = claims[self.issuer.subjectClaim]?.text, Self.isName(subject) else {
            throw TokenRefusal.error("the token names no subject")
        }
        try self.checkDomain(claims)
        try self.checkAccount(claims)
        let (groups, isWhole) = try self.groups(claims)
        return VerifiedToken(
            alias: self.issuer.alias,
            kind: kind,
            subject: subject,
            groups: groups,
            hidesGroups: !isWhole,
            display: (claims["name"] ?? claims["email"])?.text.map { String($0.prefix(64)) },
            purposeOfUse: Self.purpose(claims),
            nonce: claims["nonce"]?.text,
            expires: expires
        )
    }

    /// Every audience has to be ours: a token that is for others too could be handed on by them.
    private func checkAudience(_ claims: StrictJSON) throws(CollimatorError) {
        let named: [String?]
        switch claims["aud"] {
        case .string(let one): named = [one]
        case .array(let several): named = several.map(\.text)
        default: throw TokenRefusal.error("the token has no audience")
        }
        let isOurs = named.allSatisfy { name in
            guard let name else { return false }
            return self.audiences.contains { $0.utf8.elementsEqual(name.utf8) }
        }
        guard !named.isEmpty, isOurs else { throw TokenRefusal.error("the token is for another audience") }
    }

    /// `exp`, `nbf` and `iat` as whole numbers, `exp` always; its value.
    private func checkTimes(_ claims: StrictJSON) throws(CollimatorError) -> Int64 {
        guard let expires = claims["exp"]?.number, expires > 0 else {
            throw TokenRefusal.error("the token does not say when it ends")
        }
        guard self.now - Self.clockSkewSeconds < expires else { throw TokenRefusal.error("the token has ended") }
        for name in ["nbf", "iat"] {
            guard let claim = claims[name] else { continue }
            guard let begins = claim.number, begins >= 0, begins <= self.now + Self.clockSkewSeconds else {
                throw TokenRefusal.error("the token does not hold yet")
            }
        }
        let begins = claims["iat"]?.number ?? self.now
        let (lifetime, overflows) = expires.subtractingReportingOverflow(begins)
        guard !overflows, lifetime <= self.issuer.lifetimeSecondsMax else {
            throw TokenRefusal.error("the token holds for too long")
        }
        return expires
    }

    /// Tells identity tokens and access tokens apart, and refuses what is neither.
    private func checkKind(_ claims: StrictJSON, type: String?) throws(CollimatorError) -> TokenKind? {
        // The proxy has tokens of one kind, in a header of their own.
        if self.issuer.form == .proxyAssertion { return nil }
        guard let kind = Self.kind(claims, type: type) else {
            throw TokenRefusal.error("the token is of no known kind, or of two")
        }
        guard self.kinds.contains(kind) else { throw TokenRefusal.error("the token is of another kind") }
        if kind == .identity, self.issuer.account == nil { try self.checkAuthorizedParty(claims) }
        return kind
    }

    /// An identity token for several apps names the one that asked for it (OpenID Connect Core 1.0 §3.1.3.7).
    private func checkAuthorizedParty(_ claims: StrictJSON) throws(CollimatorError) {
        let party = claims["azp"]
        if party == nil, (claims["aud"]?.elements?.count ?? 1) == 1 { return }
        guard let name = party?.text, self.audiences.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
            throw TokenRefusal.error("the token was made for another party")
        }
    }

    /// What the token is, by everything in it that tells: nil where that is no kind we know, or where two things differ.
    private static func kind(_ claims: StrictJSON, type: String?) -> TokenKind? {
        var told: Set<TokenKind?> = []
        // RFC 9068 §2.1.
        if type?.lowercased() == "at+jwt" { told.insert(.access) }
        // Keycloak says it in `typ`, Amazon Cognito in `token_use`.
        if let word = claims["typ"] { told.insert(Self.kind(word: word.text)) }
        if let word = claims["token_use"] { told.insert(Self.kind(word: word.text)) }
        if told.contains(nil) || told.count > 1 { return nil }
        if let only = told.first { return only }
        if ["nonce", "at_hash", "c_hash", "s_hash"].contains(where: { claims[$0] != nil }) { return .identity }
        // An access token says what it allows.
        return claims["scope"] != nil || claims["scp"] != nil ? .access : .identity
    }

    private static func kind(word: String?) -> TokenKind? {
        switch word {
        case "Bearer", "access": .access
        case "ID", "id": .identity
        default: nil
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...Principal.nameBytesMax).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}

extension TokenChecks {
    /// That the token is of the one account that counts, where only one does.
    private func checkAccount(_ claims: StrictJSON) throws(CollimatorError) {
        guard let account = self.issuer.account else { return }
        guard claims["email_verified"]?.boolean == true, let address = claims["email"]?.text,
            address.utf8.elementsEqual(account.utf8)
        else { throw TokenRefusal.error("the token is of another account") }
    }

    /// Whose people are let in: by the organisation that Google names, or by an e-mail address that the issuer has verified.
    private func checkDomain(_ claims: StrictJSON) throws(CollimatorError) {
        guard !self.issuer.allowedDomains.isEmpty else { return }
        if self.issuer.isGoogle {
            guard let domain = claims["hd"]?.text, self.allows(domain) else {
                throw TokenRefusal.error("the organisation is not let in")
            }
            // The proxy asserts the address itself.
            if self.issuer.form == .proxyAssertion { return }
            guard claims["email_verified"]?.boolean == true else {
                throw TokenRefusal.error("the e-mail address is not verified")
            }
            return
        }
        guard claims["email_verified"]?.boolean == true, let address = claims["email"]?.text,
            let domain = EmailDomain.domain(of: address), self.allows(domain)
        else { throw TokenRefusal.error("the domain is not let in, or the address is not verified") }
    }

    private func allows(_ domain: String) -> Bool {
        EmailDomain.isIn(self.issuer.allowedDomains, domain)
    }

    /// The groups of the user, and whether they are all of them.
    private func groups(_ claims: StrictJSON) throws(CollimatorError) -> (names: [String], isWhole: Bool) {
        guard let claim = self.issuer.groupsClaim else { return ([], true) }
        // Entra leaves out more than 200 groups and says where they can be asked for; `hasgroups` is its short form.
        let isHidden = claims["_claim_names"]?["groups"] != nil || claims["hasgroups"] != nil
        guard !isHidden else { return ([], false) }
        guard let value = Self.value(claims, at: claim), value != .null else { return ([], true) }
        let elements = value.elements ?? [value]
        guard elements.count <= Self.groupsMax else { return ([], false) }
        var names: [String] = []
        for element in elements {
            // A group that is left out could be one that is denied something.
            guard let name = element.text, Self.isName(name) else {
                throw TokenRefusal.error("the groups of the token cannot be read")
            }
            names.append(name)
        }
        return (names, true)
    }

    /// The claim of that name, or the one at the end of that way.
    private static func value(_ claims: StrictJSON, at path: String) -> StrictJSON? {
        if let value = claims[path] { return value }
        return path.split(separator: ".").reduce(Optional(claims)) { value, name in value?[String(name)] }
    }

    /// The first purpose of use (IHE IUA, `extensions.ihe_iua.purpose_of_use`), as its code.
    private static func purpose(_ claims: StrictJSON) -> String? {
        let value = claims["extensions"]?["ihe_iua"]?["purpose_of_use"]
        let first = value?.elements?.first ?? value
        guard let code = first?.text ?? first?["code"]?.text, (1...32).contains(code.utf8.count),
            code.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return code
    }
}

/// The domain of an e-mail address, where there is no doubt about it.
enum EmailDomain {
    /// Nil for anything but one word, one `@` and one word: `a@evil.example@hospital.org` has two readings.
    static func domain(of address: String) -> String? {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty,
            address.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return String(parts[1])
    }

    /// Whether it is one of the domains, as a whole; the case of ASCII letters does not matter (RFC 4343).
    static func isIn(_ domains: [String], _ domain: String) -> Bool {
        guard domain.utf8.allSatisfy({ $0 < 0x80 }) else { return false }
        let folded = domain.lowercased()
        return domains.contains { $0 == folded }
    }
}

/// One answer for every token that is refused: what was wrong is for the operator.
enum TokenRefusal {
    static func error(_ reason: StaticString) -> CollimatorError {
        CollimatorError(
            .unauthenticated,
            reason,
            publicDetail: "Send the header Authorization with the word Bearer and a key of this service."
        )
    }
}
