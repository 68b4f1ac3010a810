/// Who an access decision is about.
///
/// A principal is never a bare name or an e-mail address: a user is known by issuer and subject.
package enum Principal: Hashable, Sendable, CustomStringConvertible {
    /// The holder of the administrator key.
    case administrator
    /// A person or service account known to an issuer of tokens.
    case user(issuer: String, subject: String)
    /// An app that holds an API key.
    case client(id: String)

    package var description: String {
        switch self {
        case .administrator: "administrator"
        case .user(let issuer, let subject): "user:\(issuer)/\(subject)"
        case .client(let id): "client:\(id)"
        }
    }
}
