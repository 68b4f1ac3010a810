internal import Cryptography
internal import FoundationEssentials

/// The service account that the emulator knows, and its key in the form of Google's key files.
///
/// Google's client libraries sign assertions with the private key and exchange them at `token_uri`; here that is the
/// emulator's own token endpoint, so that a program finds everything it needs in the one file.
struct ServiceAccountKey: Sendable {
    static let projectID = "local"
    static let clientEmail = "collimator@local.iam.gserviceaccount.com"
    static let clientID = "100000000000000000001"
    /// The name of the file in the emulator's folder.
    static let fileName = "service-account-key.json"

    let privateKeyID: String
    let privateKey: RSAPrivateKey
    let publicKey: RSAPublicKey

    private init(privateKeyID: String, privateKey: RSAPrivateKey) throws(CryptographyError) {
        self.privateKeyID = privateKeyID
        self.privateKey = privateKey
        self.publicKey = try privateKey.publicKey()
    }

    /// Makes a key.
    static func generate() throws(CryptographyError) -> ServiceAccountKey {
        let id = SecureRandom.bytes(20).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return try ServiceAccountKey(privateKeyID: id.joined(), privateKey: .generate(bits: 2048))
    }

    /// Reads a key file that an earlier run wrote.
    ///
    /// - Throws: Where it is no such file: a key that cannot be read is not replaced in silence, because the programs
    ///   that hold it would be locked out.
    init(parsing file: [UInt8]) throws(EmulatorError) {
        guard let json = StrictJSON(parsing: file), json["type"]?.text == "service_account",
            let id = json["private_key_id"]?.text, let pem = json["private_key"]?.text
        else { throw .unreadableServiceAccountKey }
        do {
            try self.init(privateKeyID: id, privateKey: RSAPrivateKey(pem: pem))
        } catch {
            throw .unreadableServiceAccountKey
        }
    }

    /// The key file for an emulator at that host and port.
    func file(host: String = "127.0.0.1", port: Int) throws(CryptographyError) -> [UInt8] {
        let file: JSONNode = [
            "type": "service_account",
            "project_id": .string(Self.projectID),
            "private_key_id": .string(self.privateKeyID),
            "private_key": .string(try self.privateKey.pem()),
            "client_email": .string(Self.clientEmail),
            "client_id": .string(Self.clientID),
            "auth_uri": .string("http://\(host):\(port)/auth"),
            "token_uri": .string(Self.tokenURI(host: host, port: port)),
            "universe_domain": "googleapis.com",
        ]
        return file.text(.pretty)
    }

    /// The address of the token endpoint, which is also the audience of assertions.
    static func tokenURI(host: String = "127.0.0.1", port: Int) -> String {
        "http://\(host):\(port)/token"
    }
}
