/// A bearer token of Google's APIs with the time until which it is good.
///
/// Printing it shows the time only.
package struct AccessToken: Sendable, Hashable {
    /// The secret: it goes into one header and nowhere else.
    package let secret: String
    /// When the upstream stops to accept it.
    package let expiresAt: ContinuousClock.Instant

    /// The longest token that is taken.
    package static let bytesMax = 16 * 1024

    /// Nil where the text cannot be a token: a header with it could say something else (RFC 6750 §2.1).
    package init?(secret: String, expiresAt: ContinuousClock.Instant) {
        guard (1...Self.bytesMax).contains(secret.utf8.count),
            secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.secret = secret
        self.expiresAt = expiresAt
    }

    /// The value of the `Authorization` header.
    package var authorization: String { "Bearer \(self.secret)" }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "AccessToken(…)" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: ["expiresAt": self.expiresAt]) }
}
