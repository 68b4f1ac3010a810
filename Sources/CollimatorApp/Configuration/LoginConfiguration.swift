import Identity

/// An issuer at which people log in with their browser, as the configuration describes it.
package struct LoginConfiguration: Sendable, Hashable {
    package let alias: String
    package let label: String
    package let clientID: String
    /// The file with the secret; nil for a client without one.
    package let clientSecretFile: String?
    /// Empty for those that are usual.
    package let scopes: [String]

    /// The logins of the issuers that have a `clientID`.
    static func read(_ reader: CheckedReader, issuers: [TokenIssuer]) -> [LoginConfiguration] {
        issuers.compactMap { issuer in
            let key = "identity.\(issuer.alias)"
            let clientID = reader.string("\(key).clientID")
            let label = reader.string("\(key).label")
            let secretFile = reader.string("\(key).clientSecretFile")
            let scopes = reader.strings("\(key).scopes")
            if !scopes.allSatisfy(Self.isScope) { reader.note("\(key).scopes takes words of ASCII.") }
            guard let clientID else {
                if label != nil || secretFile != nil || !scopes.isEmpty {
                    reader.note("\(key).clientID is needed for a login there.")
                }
                return nil
            }
            if issuer.form != .bearer { reader.note("\(key).clientID is for issuers of the kind oidc.") }
            if let label, label.unicodeScalars.count > Self.labelLengthMax {
                reader.note("\(key).label has more than \(Self.labelLengthMax) characters.")
            }
            return LoginConfiguration(
                alias: issuer.alias,
                label: label ?? issuer.alias,
                clientID: clientID,
                clientSecretFile: secretFile,
                scopes: scopes
            )
        }
    }

    private static let labelLengthMax = 100

    /// RFC 6749 §3.3.
    private static func isScope(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
    }
}
