import Cryptography
import HealthcareAPI

/// A key file, made once for all tests.
enum TestKey {
    static let key = Result { try RSAPrivateKey.generate() }

    /// The members of the key file, as JSON texts.
    static func members(tokenURI: String) throws -> [String: String] {
        [
            "type": "\"service_account\"", "project_id": "\"local\"", "private_key_id": "\"key-1\"",
            "private_key": StrictJSON.quoted(try Self.key.get().pem()),
            "client_email": "\"collimator@local.iam.gserviceaccount.com\"",
            "token_uri": StrictJSON.quoted(tokenURI), "universe_domain": "\"googleapis.com\"",
        ]
    }

    static func file(_ members: [String: String]) -> [UInt8] {
        Array("{\(members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ","))}".utf8)
    }

    static func serviceAccount(tokenURI: String) throws -> ServiceAccountKey {
        try ServiceAccountKey(parsing: Self.file(Self.members(tokenURI: tokenURI)))
    }
}
