/// Who an access decision is about.
///
/// A principal is never a bare name or an e-mail address: a user is known by issuer and subject. An issuer is named by
/// the alias that the configuration gives it. Names are compared byte by byte: `Alice`, `alice` and the same word in
/// another Unicode form are three principals.
package enum Principal: Sendable {
    /// The holder of the administrator key.
    case administrator
    /// A person or service account known to an issuer of tokens.
    case user(issuer: String, subject: String)
    /// A group that the issuer says its user belongs to.
    case group(issuer: String, name: String)
    /// A group that is kept here.
    case localGroup(name: String)
    /// An app that holds an API key or a key file of this service.
    case client(id: String)
    /// Everybody whom the issuer knows.
    case authenticated(issuer: String)
    /// Whoever shows no credential.
    case anonymous

    /// The alias that no issuer may have: groups below it are those that are kept here.
    package static let localAlias = "local"
    /// The longest name of a user, group, client or issuer, in bytes.
    package static let nameBytesMax = 255
    /// The longest text of a principal, in bytes: every byte of both names encoded.
    package static let textBytesMax = 2 * 3 * Self.nameBytesMax + 16
}

extension Principal: Hashable {
    // Swift's own equality of strings takes canonically equivalent texts for equal.
    package static func == (left: Principal, right: Principal) -> Bool {
        switch (left, right) {
        case (.administrator, .administrator), (.anonymous, .anonymous): true
        case (.user(let issuer, let name), .user(let otherIssuer, let otherName)),
            (.group(let issuer, let name), .group(let otherIssuer, let otherName)):
            Self.isSame(issuer, otherIssuer) && Self.isSame(name, otherName)
        case (.localGroup(let name), .localGroup(let other)), (.client(let name), .client(let other)),
            (.authenticated(let name), .authenticated(let other)):
            Self.isSame(name, other)
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .administrator: hasher.combine(0)
        case .user(let issuer, let subject):
            hasher.combine(1)
            Self.combine(issuer, into: &hasher)
            Self.combine(subject, into: &hasher)
        case .group(let issuer, let name):
            hasher.combine(2)
            Self.combine(issuer, into: &hasher)
            Self.combine(name, into: &hasher)
        case .localGroup(let name):
            hasher.combine(3)
            Self.combine(name, into: &hasher)
        case .client(let id):
            hasher.combine(4)
            Self.combine(id, into: &hasher)
        case .authenticated(let issuer):
            hasher.combine(5)
            Self.combine(issuer, into: &hasher)
        case .anonymous: hasher.combine(6)
        }
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }

    private static func combine(_ text: String, into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        // Two names in a row must not run into each other: no UTF-8 has this byte.
        hasher.combine(0xFF as UInt8)
    }
}
