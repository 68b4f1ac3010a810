internal import Cryptography
internal import Glibc

/// A credentials file of Google Cloud, of one of the types that are understood.
enum CredentialsFile: Sendable {
    case serviceAccount(ServiceAccountKey)
    case authorizedUser(AuthorizedUser)

    /// The largest file that is read.
    static let bytesMax = 64 * 1024

    init(parsing bytes: [UInt8]) throws(CredentialError) {
        let json = try Self.object(bytes)
        switch json["type"]?.text {
        case "service_account": self = .serviceAccount(try ServiceAccountKey(json))
        case "authorized_user": self = .authorizedUser(try AuthorizedUser(json))
        case nil: throw CredentialError(.typeMissing)
        default: throw CredentialError(.typeUnsupported)
        }
    }

    /// The JSON object of a credentials file.
    static func object(_ bytes: [UInt8]) throws(CredentialError) -> StrictJSON {
        guard bytes.count <= Self.bytesMax else { throw CredentialError(.fileTooLarge) }
        guard let json = StrictJSON(parsing: bytes), case .object = json else { throw CredentialError(.fileNotJSON) }
        return json
    }

    /// Whether there is a file of that name, readable or not.
    static func exists(path: String) -> Bool { access(path, F_OK) == 0 }

    /// Reads a file as a whole.
    ///
    /// It blocks: for the start of the process.
    static func read(path: String) throws(CredentialError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw CredentialError(.fileUnreadable) }
        defer { close(descriptor) }

        var bytes = [UInt8](repeating: 0, count: Self.bytesMax + 1)
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw CredentialError(.fileUnreadable) }
            if read == 0 { break }
            count += read
        }
        guard count <= Self.bytesMax else { throw CredentialError(.fileTooLarge) }
        return Array(bytes.prefix(count))
    }
}

/// The credential that `gcloud auth application-default login` leaves: a person's refresh token.
struct AuthorizedUser: Sendable {
    let clientID: String
    let clientSecret: String
    let refreshToken: String

    init(_ json: StrictJSON) throws(CredentialError) {
        guard let clientID = json["client_id"]?.text, !clientID.isEmpty,
            let clientSecret = json["client_secret"]?.text, !clientSecret.isEmpty,
            let refreshToken = json["refresh_token"]?.text, !refreshToken.isEmpty
        else { throw CredentialError(.refreshTokenMissing) }
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.refreshToken = refreshToken
    }

    /// The request that exchanges the refresh token (RFC 6749 §6).
    func tokenRequest(address: ServiceAddress) -> TokenRequest {
        TokenRequest(
            address: address.description,
            form: [
                ("grant_type", "refresh_token"), ("client_id", self.clientID), ("client_secret", self.clientSecret),
                ("refresh_token", self.refreshToken),
            ]
        )
    }
}

extension AuthorizedUser: CustomStringConvertible, CustomReflectable {
    var description: String { "AuthorizedUser(…)" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
