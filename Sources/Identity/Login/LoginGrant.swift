internal import CollimatorCore

/// What a session has of the login that began it: enough to ask the issuer again, and nothing that leaves this process.
struct LoginGrant: Sendable {
    let alias: String
    /// Nil where the issuer gives none: the session ends with the token.
    let refreshToken: String?
    /// What the identity token said.
    let token: VerifiedToken
    /// Until when that holds.
    let end: ContinuousClock.Instant
}

extension LoginGrant: CustomStringConvertible, CustomReflectable {
    var description: String { "LoginGrant(\(self.alias), …)" }
    var customMirror: Mirror { Mirror(self, children: ["alias": self.alias]) }
}

/// Somebody who has logged in at an issuer, before there is a session.
package struct LoggedIn: Sendable {
    package let caller: Caller
    let grant: LoginGrant
}
