import CollimatorCore
import Cryptography
import Foundation
import Logging
import Synchronization

@testable import Identity

/// A key of a made-up issuer, and what can be made with it.
struct SigningKey: Sendable {
    let name: String
    let key: RSAPrivateKey
    let modulus: String

    init(_ name: String) throws {
        self.name = name
        self.key = try RSAPrivateKey.generate()
        let lines = try self.key.publicKey().pem().split(separator: "\n").dropFirst().dropLast()
        // The last five bytes are the exponent 65537, before them stands the modulus (RFC 8017 A.1.1).
        let der = Array(Data(base64Encoded: lines.joined()) ?? Data())
        self.modulus = Base64URL.encode(Array(der.dropLast(5).suffix(256)))
    }

    var jwk: String {
        #"{"kty":"RSA","use":"sig","alg":"RS256","kid":"\#(self.name)","n":"\#(self.modulus)","e":"AQAB"}"#
    }

    func sign(header: String, claims: String) throws -> String {
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return try text + "." + Base64URL.encode(self.key.rs256Signature(of: Array(text.utf8)))
    }

    func token(_ claims: String, type: String = "JWT") throws -> String {
        try self.sign(header: #"{"alg":"RS256","typ":"\#(type)","kid":"\#(self.name)"}"#, claims: claims)
    }

    static let first = Result { try SigningKey("first") }
    static let second = Result { try SigningKey("second") }
}

/// The server of an issuer: what it answers, and how often it was asked.
final class IssuerServer: Sendable {
    struct Down: Error {}

    private struct State {
        var documents: [String: String] = [:]
        var asked: [String] = []
        var gate: Task<Void, Never>?
    }

    private let state = Mutex(State())

    init(keys: [String]) {
        self.publish(keys: keys)
    }

    var asked: [String] { self.state.withLock { $0.asked } }

    func publish(keys: [String]) { self.answer("keys", #"{"keys":[\#(keys.joined(separator: ","))]}"#) }

    /// Nil makes the server fail.
    func answer(_ path: String, _ document: String?) {
        self.state.withLock { $0.documents["https://login.example/\(path)"] = document }
    }

    /// Holds every answer back until the task has ended.
    func hold(until gate: Task<Void, Never>) { self.state.withLock { $0.gate = gate } }

    var client: JWKSClient {
        JWKSClient { address in
            let (document, gate) = self.state.withLock { state in
                state.asked.append(address)
                return (state.documents[address], state.gate)
            }
            await gate?.value
            guard let document else { throw Down() }
            return Array(document.utf8)
        }
    }
}

/// Time that a test sets.
final class TestTime: Sendable {
    /// 1 January 2026.
    static let start: Int64 = 1_767_225_600

    private let passed = Mutex(Duration.zero)
    private let origin = ContinuousClock.now

    func pass(_ duration: Duration) { self.passed.withLock { $0 += duration } }

    var seconds: Int64 { Self.start + self.passed.withLock { $0.components.seconds } }
    var clock: WallClock { WallClock { Date(timeIntervalSince1970: Double(self.seconds)) } }
    var now: @Sendable () -> ContinuousClock.Instant { { self.origin + self.passed.withLock { $0 } } }
}

/// A verifier for one issuer, its server and its key.
struct VerifierUnderTest: Sendable {
    let key: SigningKey
    let server: IssuerServer
    let time = TestTime()
    let verifier: TokenVerifier

    init(
        namesGroups: @autoclosure @escaping @Sendable () -> Bool = false,
        change: (inout TokenIssuer) -> Void = { _ in }
    ) throws {
        self.key = try SigningKey.first.get()
        self.server = IssuerServer(keys: [self.key.jwk])
        guard var issuer = TokenIssuer(alias: "hospital", issuer: "https://login.example", audiences: ["collimator"])
        else { throw IssuerServer.Down() }
        issuer.keysAddress = "https://login.example/keys"
        change(&issuer)
        var surroundings = TokenVerifier.Surroundings(
            clock: self.time.clock,
            now: self.time.now,
            namesGroups: { _ in namesGroups() },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        surroundings.limits = IssuerKeyLimits()
        self.verifier = TokenVerifier(issuers: [issuer], client: self.server.client, surroundings: surroundings)
    }

    /// The members of a good access token, changed: a nil takes one away.
    func claims(_ changes: [String: String?] = [:]) -> String {
        var members: [String: String] = [
            "iss": #""https://login.example""#, "aud": #""collimator""#, "sub": #""ann-1""#, "scope": #""imaging""#,
            "iat": "\(self.time.seconds)", "exp": "\(self.time.seconds + 300)",
        ]
        for (name, value) in changes { members[name] = value }
        return "{" + members.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
            + "}"
    }

    func caller(_ token: String) async throws(CollimatorError) -> Caller {
        try await self.verifier.caller(Substring(token))
    }

    func code(_ token: String) async -> CollimatorError.Code? {
        do {
            _ = try await self.caller(token)
            return nil
        } catch {
            return error.code
        }
    }

    /// What becomes of a good token with these changes.
    func code(changing changes: [String: String?], type: String = "JWT") async throws -> CollimatorError.Code? {
        await self.code(try self.key.token(self.claims(changes), type: type))
    }
}
