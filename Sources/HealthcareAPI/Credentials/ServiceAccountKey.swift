internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials

/// The key of a service account, as Google's key files hold it.
///
/// Printing it shows the name of the account and of the key, never the key.
package struct ServiceAccountKey: Sendable {
    /// The name of the account, which issues the assertions.
    package let clientEmail: String
    /// Which of the account's keys this is.
    package let privateKeyID: String
    /// Where assertions are exchanged, and their audience.
    package let tokenAddress: ServiceAddress
    /// The project of the account, where the file names it.
    package let projectID: String?

    private let privateKey: RSAPrivateKey
    /// The address as it is in the file: the audience must be the same text.
    private let audience: String

    /// What is asked for unless the configuration asks for something else.
    package static let healthcareScope = "https://www.googleapis.com/auth/cloud-healthcare"
    /// How long an assertion, and with it the token, is good for at most.
    static let lifetimeSeconds: Int64 = 3_600

    /// Reads the content of a key file.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - allowingPlainHTTP: Whether tokens may be asked for over plain http from an address that is not a loopback one.
    /// - Throws: A fault that names the member that is missing or not usable.
    package init(parsing bytes: [UInt8], allowingPlainHTTP: Bool = false) throws(CredentialError) {
        let json = try CredentialsFile.object(bytes)
        guard let type = json["type"]?.text else { throw CredentialError(.typeMissing) }
        guard type == "service_account" else { throw CredentialError(.typeMismatch) }
        try self.init(json, allowingPlainHTTP: allowingPlainHTTP)
    }

    /// Reads a key file.
    ///
    /// It blocks: for the start of the process.
    /// - Throws: A fault that names what is missing or not usable.
    package init(path: String, allowingPlainHTTP: Bool = false) throws(CredentialError) {
        try self.init(parsing: CredentialsFile.read(path: path), allowingPlainHTTP: allowingPlainHTTP)
    }

    init(_ json: StrictJSON, allowingPlainHTTP: Bool = false) throws(CredentialError) {
        guard let email = json["client_email"]?.text, Self.isName(email) else { throw CredentialError(.emailMissing) }
        guard let keyID = json["private_key_id"]?.text, Self.isName(keyID) else { throw CredentialError(.keyIDMissing) }
        guard let pem = json["private_key"]?.text else { throw CredentialError(.keyMissing) }
        let audience = json["token_uri"]?.text ?? ServiceAddress.googleToken.description
        guard let address = ServiceAddress(audience, allowingPlainHTTP: allowingPlainHTTP) else {
            throw CredentialError(.tokenAddressUnusable)
        }
        do {
            self.privateKey = try RSAPrivateKey(pem: pem)
        } catch {
            throw CredentialError(.keyUnusable)
        }
        self.clientEmail = email
        self.privateKeyID = keyID
        self.tokenAddress = address
        self.audience = audience
        self.projectID = json["project_id"]?.text
    }

    /// The request that exchanges a fresh assertion (RFC 7523 §2.1).
    func tokenRequest(scope: String, clock: WallClock) throws(CredentialError) -> TokenRequest {
        TokenRequest(
            address: self.tokenAddress.description,
            form: [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", try self.assertion(scope: scope, clock: clock)),
            ]
        )
    }

    /// An assertion that is good for an hour from now.
    func assertion(scope: String, clock: WallClock) throws(CredentialError) -> String {
        let issuedAt = Int64(clock.now().timeIntervalSince1970)
        let members = [
            "\"iss\":\(StrictJSON.quoted(self.clientEmail))", "\"scope\":\(StrictJSON.quoted(scope))",
            "\"aud\":\(StrictJSON.quoted(self.audience))", "\"iat\":\(issuedAt)",
            "\"exp\":\(issuedAt + Self.lifetimeSeconds)",
        ]
        do {
            return try JWS.signRS256(
                claims: Array("{\(members.joined(separator: ","))}".utf8),
                keyID: self.privateKeyID,
                key: self.privateKey
            )
        } catch {
            throw CredentialError(.assertionUnsigned)
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension ServiceAccountKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "ServiceAccountKey(\(self.clientEmail), \(self.privateKeyID))" }
    package var customMirror: Mirror {
        Mirror(self, children: ["clientEmail": self.clientEmail, "privateKeyID": self.privateKeyID])
    }
}
