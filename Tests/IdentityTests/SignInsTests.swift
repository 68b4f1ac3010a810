import CollimatorCore
import Synchronization
import Testing

@testable import Identity

/// A clock that stands still until it is moved.
private final class MovedClock: Sendable {
    private let offset = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    var now: ContinuousClock.Instant { self.start + self.offset.withLock { $0 } }

    func move(_ duration: Duration) { self.offset.withLock { $0 += duration } }
}

@Suite("Signing in")
struct SignInsTests {
    private let clock = MovedClock()
    private let signIns: SignIns

    init() {
        var limits = SignInLimits()
        limits.tokensMax = 2
        limits.sessionsMax = 2
        limits.refusalsMax = 3
        self.signIns = SignIns(limits: limits, now: { [clock] in clock.now })
    }

    @Test("a link works once, and gives a session of the one it was made for")
    func once() async throws {
        let token = self.signIns.token(for: Caller(verified: .client(id: "app"), method: .apiKey))
        let secret = try self.signIns.redeem(token: token)
        #expect(try await self.signIns.authenticate(session: secret).principal == .client(id: "app"))
        #expect(await Self.code { try self.signIns.redeem(token: token) } == .unauthenticated)
        // A token is no session's secret, and a secret no token.
        #expect(await Self.code { _ = try await self.signIns.authenticate(session: token) } == .unauthenticated)
        #expect(await Self.code { try self.signIns.redeem(token: secret) } == .unauthenticated)
    }

    @Test("a session has the groups of the caller for whom its link was made")
    func groups() async throws {
        let groups: [Principal] = [.group(issuer: "hospital", name: "trainees"), .authenticated(issuer: "hospital")]
        let ann = Caller(
            verified: .user(issuer: "hospital", subject: "ann"),
            memberships: groups,
            method: .oidcToken,
            purposeOfUse: "TREAT"
        )
        let secret = try self.signIns.redeem(token: self.signIns.token(for: ann))
        let caller = try await self.signIns.authenticate(session: secret)
        #expect(caller.memberships == groups)
        #expect(caller.purposeOfUse == "TREAT")
        #expect(caller.method == .session)
    }

    @Test("a session of a link ends with the credential that it was asked for with: an old token, a revoked key")
    func credential() async throws {
        let fixture = try await IdentityFixture()
        let directory = fixture.directory
        let key = try await fixture.makeKey(APIKeys.Wish(id: "portal", name: "x"))
        let app = try #require(directory.keys.caller(for: key.text))
        let ann = Caller(
            verified: .user(issuer: "hospital", subject: "ann"),
            method: .oidcToken,
            expiresAt: WallClock.date(fixture.now() + 300_000)
        )
        let bob = Caller(verified: .user(issuer: "hospital", subject: "bob"), method: .oidcToken)
        func session(of caller: Caller) async throws -> Caller {
            try await self.signIns.authenticate(session: self.signIns.redeem(token: self.signIns.token(for: caller)))
        }
        let (annsSession, apps, bobs) = (
            try await session(of: ann), try await session(of: app), try await session(of: bob)
        )
        for caller in [annsSession, apps, bobs] { try directory.admit(caller) }
        let path = "/api/v1/stores/radiology/studies/1/series/2/instances/3/rendered"
        let link = try directory.links.signature(for: apps, path: path, query: "")
        #expect(try directory.admit(signature: link, path: path, query: "").principal == app.principal)

        fixture.move(seconds: 299)
        try directory.admit(annsSession)
        fixture.move(seconds: 1)
        #expect(await Self.code { try directory.admit(annsSession) } == .unauthenticated)
        #expect(!directory.stillStands(annsSession))
        try directory.admit(apps)
        try await directory.keys.revoke("portal")
        #expect(await Self.code { try directory.admit(apps) } == .unauthenticated)
        #expect(!directory.stillStands(apps))
        // The link is good for five minutes more at least, but for the key.
        let late = await Self.code { try directory.admit(signature: link, path: path, query: "") }
        #expect(late == .unauthenticated)
        try directory.admit(bobs)
    }

    @Test("a link works for fifteen minutes", arguments: [(-1, true), (0, false)])
    func tokenAge(seconds: Int, isGood: Bool) async {
        let token = self.signIns.administratorToken()
        self.clock.move(self.signIns.limits.tokenLifetime + .seconds(seconds))
        #expect((await Self.code { try self.signIns.redeem(token: token) } == nil) == isGood)
    }

    @Test(
        "what has not the form of a token is refused",
        arguments: ["", "x", String(repeating: "A", count: 42), String(repeating: "A", count: 44), "é", "=====", " "]
    )
    func malformed(token: String) async {
        #expect(await Self.code { try self.signIns.redeem(token: token) } == .unauthenticated)
        #expect(await Self.code { _ = try await self.signIns.authenticate(session: token) } == .unauthenticated)
    }

    @Test("of more links than may wait the oldest stops working")
    func boundedTokens() async throws {
        let tokens = (0..<3).map { _ in self.signIns.administratorToken() }
        #expect(await Self.code { try self.signIns.redeem(token: tokens[0]) } == .unauthenticated)
        for token in tokens[1...] { #expect(await Self.code { try self.signIns.redeem(token: token) } == nil) }
    }

    @Test("a session ends after two hours without use, not while it is used")
    func idle() async throws {
        let secret = try self.signIns.redeem(token: self.signIns.administratorToken())
        for _ in 0..<3 {
            self.clock.move(self.signIns.limits.sessionIdle - .seconds(1))
            _ = try await self.signIns.authenticate(session: secret)
        }
        self.clock.move(self.signIns.limits.sessionIdle)
        #expect(await Self.code { _ = try await self.signIns.authenticate(session: secret) } == .unauthenticated)
    }

    @Test("a session ends after twelve hours, however much it is used")
    func absolute() async throws {
        let secret = try self.signIns.redeem(token: self.signIns.administratorToken())
        for _ in 0..<11 {
            self.clock.move(.seconds(3600))
            _ = try await self.signIns.authenticate(session: secret)
        }
        self.clock.move(.seconds(3600))
        #expect(await Self.code { _ = try await self.signIns.authenticate(session: secret) } == .unauthenticated)
    }

    @Test("of more sessions than there may be the one used longest ago ends")
    func boundedSessions() async throws {
        var secrets: [String] = []
        for _ in 0..<2 {
            secrets.append(try self.signIns.redeem(token: self.signIns.administratorToken()))
            self.clock.move(.seconds(1))
        }
        _ = try await self.signIns.authenticate(session: secrets[0])
        secrets.append(try self.signIns.redeem(token: self.signIns.administratorToken()))
        var codes: [CollimatorError.Code?] = []
        for secret in secrets {
            codes.append(await Self.code { _ = try await self.signIns.authenticate(session: secret) })
        }
        #expect(codes == [nil, .unauthenticated, nil])
    }

    @Test("a session that was ended is ended")
    func end() async throws {
        let secret = try self.signIns.redeem(token: self.signIns.administratorToken())
        self.signIns.end(session: "nothing")
        _ = try await self.signIns.authenticate(session: secret)
        self.signIns.end(session: secret)
        #expect(await Self.code { _ = try await self.signIns.authenticate(session: secret) } == .unauthenticated)
    }

    @Test("many wrong tokens are told to wait, and lock nobody out")
    func refusalsAreLimited() async {
        let wrong = String(repeating: "A", count: 43)
        let token = self.signIns.administratorToken()
        for _ in 0..<3 { #expect(await Self.code { try self.signIns.redeem(token: wrong) } == .unauthenticated) }
        #expect(await Self.code { try self.signIns.redeem(token: wrong) } == .rateLimited)
        #expect(await Self.code { try self.signIns.redeem(token: token) } == nil)
        self.clock.move(self.signIns.limits.refusalWindow)
        #expect(await Self.code { try self.signIns.redeem(token: wrong) } == .unauthenticated)
    }

    /// The code of the refusal, nil where there is none.
    private static func code(_ work: () async throws -> some Any) async -> CollimatorError.Code? {
        do {
            _ = try await work()
            return nil
        } catch {
            return (error as? CollimatorError)?.code
        }
    }
}
