import CollimatorCore
import Glibc
import HealthcareAPI
import Identity

extension IdentityConfiguration {
    /// The longest answer of an issuer with tokens, in bytes.
    private static let answerBytesMax = 256 * 1024
    /// How long such an answer may take.
    private static let answerDeadline = Duration.seconds(10)
    /// The longest file with a secret, in bytes.
    private static let secretBytesMax = 4_096

    /// Where people log in with their browser; nil where no issuer is configured for it.
    ///
    /// Throws ``StartupError`` where the file of a secret cannot be used.
    func login(verifier: TokenVerifier?, connections: UpstreamConnections) throws -> BrowserLogin? {
        guard let verifier, !self.logins.isEmpty else { return nil }
        let fetch = BoundedFetch(
            connections: connections,
            bytesMax: Self.answerBytesMax,
            deadline: Self.answerDeadline
        )
        let issuers = try self.logins.map { login in
            LoginIssuer(
                alias: login.alias,
                label: login.label,
                clientID: login.clientID,
                clientSecret: try login.clientSecretFile.map(Self.secret),
                scopes: login.scopes
            )
        }
        let client = LoginClient { form, authorization, address in
            let answer = try await fetch.answer(to: form, at: address, authorization: authorization)
            return (answer.status, answer.body)
        }
        return BrowserLogin(issuers: issuers, verifier: verifier, client: client)
    }

    /// The only word of a file.
    private static func secret(at path: String) throws -> String {
        let failure = StartupError(
            "The secret for logins in \(path) cannot be used.",
            remedy: "The file has one word, the client's secret, and this service may read it."
        )
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }

        var bytes = [UInt8](repeating: 0, count: Self.secretBytesMax + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard (1...Self.secretBytesMax).contains(count) else { throw failure }
        let words = String(decoding: bytes.prefix(count), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 1 else { throw failure }
        return String(words[0])
    }
}
