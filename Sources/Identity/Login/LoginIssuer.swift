/// An issuer at which people log in with their browser, as the configuration describes it.
package struct LoginIssuer: Sendable, Hashable {
    /// The name of the issuer, the same as that of its tokens.
    package let alias: String
    /// What people call it.
    package let label: String
    /// As whom this service is known there: the audience of identity tokens.
    package let clientID: String
    /// Nil for a client without a secret, which shows that it began the login by PKCE alone.
    package let clientSecret: String?
    /// What is asked for; `openid` is always among it.
    package let scopes: [String]

    /// What is asked for where the configuration says nothing.
    package static let standardScopes = ["openid", "profile", "email"]

    package init(alias: String, label: String, clientID: String, clientSecret: String?, scopes: [String]) {
        self.alias = alias
        self.label = label
        self.clientID = clientID
        self.clientSecret = clientSecret
        let wanted = scopes.isEmpty ? Self.standardScopes : scopes
        self.scopes = wanted.contains("openid") ? wanted : ["openid"] + wanted
    }
}

extension LoginIssuer: CustomStringConvertible, CustomReflectable {
    package var description: String { "LoginIssuer(\(self.alias), …)" }
    package var customMirror: Mirror { Mirror(self, children: ["alias": self.alias]) }
}

/// The way to the token endpoint of an issuer: a value that tests replace, so that this module speaks no HTTP.
package struct LoginClient: Sendable {
    /// Sends a form, with the value of `Authorization` where there is one, and gives status and body.
    ///
    /// It is bounded in time and size and follows no redirect.
    package var send:
        @Sendable (_ form: String, _ authorization: String?, _ address: String) async throws -> (
            status: Int, body: [UInt8]
        )

    package init(
        send:
            @escaping @Sendable (_ form: String, _ authorization: String?, _ address: String) async throws -> (
                status: Int, body: [UInt8]
            )
    ) {
        self.send = send
    }
}

/// Every limit of logging in at an issuer, with its unit.
package struct LoginLimits: Sendable {
    /// How long a login may take, from its beginning to the way back.
    package var ticketLifetime = Duration.seconds(10 * 60)
    /// How long it is remembered where an issuer logs people in.
    package var placesLifetime = Duration.seconds(600)
    /// How long that is used where it cannot be asked for again.
    package var placesStaleLifetime = Duration.seconds(24 * 60 * 60)
    /// The time between two attempts to ask, counted from the attempt.
    package var cooldown = Duration.seconds(30)
    /// The most codes of one issuer that are being exchanged at the same time; more logins are told to wait.
    package var exchangesMax = 32
    /// The longest path to which a login leads back, in bytes.
    package static let returnBytesMax = 1_024
    /// The longest code of an issuer that is sent back to it, in bytes.
    package static let codeBytesMax = 4_096
    /// The longest cookie of a login that is looked at, in bytes.
    static let ticketBytesMax = 4_096
    /// How long claims hold that an issuer renews without saying them again, in seconds.
    static let renewedSecondsMax: Int64 = 60 * 60
    /// The same where it does not say for how long.
    static let renewedSecondsStandard: Int64 = 5 * 60

    package init() {}
}
