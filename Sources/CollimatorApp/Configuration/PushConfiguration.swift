package import Identity

/// Whose pushes of Pub/Sub are believed: the keys below `events.push`.
///
/// Pub/Sub signs in to the service it pushes to with an identity token of a service account that the subscription names.
package struct PushConfiguration: Sendable, Hashable {
    /// The one issuer, audience and account whose tokens count.
    package let issuer: TokenIssuer

    /// Who signs the tokens of Pub/Sub.
    private static let google = "https://accounts.google.com"
    /// Google's identity tokens may name it without the scheme.
    private static let googleWithoutScheme = "accounts.google.com"
    private static let googleKeys = "https://www.googleapis.com/oauth2/v3/certs"
    /// Nobody meets this name: callers are made of no such token.
    private static let alias = "push"

    /// Nil where no push is taken; what is wrong is noted.
    init?(reading reader: CheckedReader) {
        let key = "events.push"
        let (audience, account) = (reader.string("\(key).audience"), reader.string("\(key).serviceAccount"))
        let issuerName = reader.string("\(key).issuer")
        let name = issuerName ?? Self.google
        let keys = reader.string("\(key).jwksURL")
        if !IssuerMetadata.isUsable(name) { reader.note("\(key).issuer is not an address with https.") }
        if let keys, !IssuerMetadata.isUsable(keys) { reader.note("\(key).jwksURL is not an address with https.") }
        switch (audience, account) {
        case (nil, nil) where issuerName == nil && keys == nil: return nil
        case (let audience?, let account?):
            if !Self.isAccount(account) { reader.note("\(key).serviceAccount is not an e-mail address.") }
            guard var issuer = TokenIssuer(alias: Self.alias, issuer: name, audiences: [audience]) else {
                reader.note("\(key).audience is empty.")
                return nil
            }
            issuer.keysAddress = keys ?? (name == Self.google ? Self.googleKeys : nil)
            if name == Self.google { issuer.otherName = Self.googleWithoutScheme }
            issuer.kinds = [.identity]
            issuer.account = account
            self.issuer = issuer
        default:
            // An issuer or keys alone would be no push at all, and nobody would be told.
            reader.note(
                """
                \(key).audience and \(key).serviceAccount go together: set both, or none of the keys below \(key).
                """
            )
            return nil
        }
    }

    private static func isAccount(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && !text.contains(where: \.isWhitespace)
    }
}
