package import CollimatorCore

/// An app with a key of its own: the principal `client:{id}`.
///
/// What it may do is said by rules, as for anybody else; the key itself grants nothing. An id is never used again, so
/// that no rule of an earlier app speaks for a later one. Times are milliseconds since 1970.
package struct APIKey: Sendable, Hashable {
    package let id: String
    /// What people call it.
    package let name: String
    package let kind: Kind
    /// Who made it.
    package let owner: Principal
    package let createdAt: Int64
    /// When it ends by itself; nil where it does not.
    package let expiresAt: Int64?
    package internal(set) var lastUsedAt: Int64?
    package internal(set) var revokedAt: Int64?
    /// The newest first; while one replaces another, two.
    package internal(set) var secrets: [Secret]

    /// What its holder has.
    package enum Kind: String, Sendable, CaseIterable {
        /// A text for the header `Authorization`.
        case text
        /// A file with a private key, in Google's form.
        case file
    }

    /// One text, or one private key, that opens it.
    package struct Secret: Sendable, Hashable {
        /// Of the text, or of the name of the private key.
        let digest: [UInt8]
        /// The beginning of the text, by which people tell it from others; of a private key, its name.
        package let shown: String
        package let createdAt: Int64
        /// When another has taken its place; nil for the newest.
        package internal(set) var endsAt: Int64?
        /// What confirms signatures of the private key, in PEM; nil for a text.
        var publicKey: String?

        func works(at now: Int64) -> Bool { self.endsAt.map { $0 > now } ?? true }
    }

    /// Whether it opens anything.
    package enum State: String, Sendable, CaseIterable {
        case active
        case expired
        case revoked
    }

    /// Whether it opens anything at a time.
    package func state(at now: Int64) -> State {
        if self.revokedAt != nil { return .revoked }
        if let expiresAt = self.expiresAt, expiresAt <= now { return .expired }
        return .active
    }

    /// Who it makes its holder.
    package var principal: Principal { .client(id: self.id) }

    /// The longest id, in bytes.
    package static let idBytesMax = 63
    /// The longest name, in characters.
    package static let nameLengthMax = 100

    /// Whether a text can be an id: a letter, then letters, digits and hyphens, all small.
    package static func isID(_ text: some StringProtocol) -> Bool {
        guard (3...Self.idBytesMax).contains(text.utf8.count), let first = text.utf8.first,
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
        else { return false }
        return text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
    }

    /// Whether a text can be a name: not empty, bounded, and nothing in it that steers a terminal.
    package static func isName(_ text: String) -> Bool {
        (1...Self.nameLengthMax).contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
                default: true
                }
            } && text.contains { !$0.isWhitespace }
    }
}
