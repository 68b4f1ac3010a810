import CollimatorCore
import Testing

@testable import Identity

@Suite("Sessions of those who have logged in")
struct SessionRenewalTests {
    private let under: LoginUnderTest
    private let signIns: SignIns

    init() throws {
        let under = try LoginUnderTest()
        self.under = under
        self.signIns = SignIns(login: under.login, now: under.under.time.now)
    }

    private var renewals: Int { self.under.endpoint.sent.filter { $0.fields["grant_type"] == "refresh_token" }.count }

    @Test("ask the issuer again when what it said has ended, and follow what it says then")
    func renewed() async throws {
        let secret = self.signIns.open(try await self.under.loggedIn())
        self.under.under.time.pass(.seconds(299))
        _ = try await self.signIns.authenticate(session: secret)
        #expect(self.renewals == 0)
        self.under.under.time.pass(.seconds(1))
        self.under.answer(
            try self.under.identityToken(nil, ["groups": #"["surgeons"]"#]),
            refreshToken: "refresh-2"
        )
        let caller = try await self.signIns.authenticate(session: secret)
        #expect(caller.principal == .user(issuer: "hospital", subject: "ann-1"))
        #expect(caller.memberships.first == .group(issuer: "hospital", name: "surgeons"))
        #expect(self.under.endpoint.sent.last?.fields["refresh_token"] == "refresh-1")
        // The next time with the token that replaced it.
        self.under.under.time.pass(.seconds(300))
        self.under.answer(try self.under.identityToken(nil))
        _ = try await self.signIns.authenticate(session: secret)
        #expect(self.under.endpoint.sent.last?.fields["refresh_token"] == "refresh-2")
        #expect(self.renewals == 2)
    }

    @Test("go on as they were where the issuer does not say again who it is, at most an hour")
    func silent() async throws {
        let secret = self.signIns.open(try await self.under.loggedIn())
        self.under.under.time.pass(.seconds(300))
        self.under.answer(nil, expiresIn: 864_000)
        let caller = try await self.signIns.authenticate(session: secret)
        #expect(caller.memberships.first == .group(issuer: "hospital", name: "radiologists"))
        self.under.under.time.pass(.seconds(3_599))
        _ = try await self.signIns.authenticate(session: secret)
        #expect(self.renewals == 1)
        self.under.under.time.pass(.seconds(1))
        _ = try await self.signIns.authenticate(session: secret)
        #expect(self.renewals == 2)
    }

    @Test("end where the issuer refuses, names somebody else, or another login")
    func refused() async throws {
        let others = [
            try self.under.identityToken(nil, ["sub": #""bob""#]), try self.under.identityToken("another"),
            try self.under.identityToken(nil, ["aud": #""other""#]),
        ]
        for number in 0..<4 {
            let secret = self.signIns.open(
                try await self.under.loggedIn(["exp": "\(self.under.under.time.seconds + 1)"])
            )
            self.under.under.time.pass(.seconds(1))
            if number < 3 { self.under.answer(others[number]) } else { self.under.endpoint.answer(400, "{}") }
            #expect(await self.outcome(secret) == .unauthenticated, "\(number)")
            // For good.
            self.under.answer(try self.under.identityToken(nil))
            let before = self.renewals
            #expect(await self.outcome(secret) == .unauthenticated, "\(number)")
            #expect(self.renewals == before)
        }
    }

    @Test("without a refresh token end with the identity token")
    func unrenewable() async throws {
        let secret = self.signIns.open(try await self.under.loggedIn(refreshToken: nil))
        self.under.under.time.pass(.seconds(299))
        #expect(await self.outcome(secret) == nil)
        self.under.under.time.pass(.seconds(1))
        #expect(await self.outcome(secret) == .unauthenticated)
        #expect(self.renewals == 0)
    }

    @Test("outlast an issuer that does not answer by ten minutes, and ask it once in half a minute")
    func unreachable() async throws {
        let secret = self.signIns.open(try await self.under.loggedIn())
        self.under.endpoint.fail()
        self.under.under.time.pass(.seconds(300))
        for _ in 0..<20 { #expect(await self.outcome(secret) == nil) }
        #expect(self.renewals == 1)
        self.under.under.time.pass(.seconds(30))
        #expect(await self.outcome(secret) == nil)
        #expect(self.renewals == 2)
        self.under.under.time.pass(.seconds(570))
        #expect(await self.outcome(secret) == .unavailable)
        // It is there again.
        self.under.answer(try self.under.identityToken(nil))
        self.under.under.time.pass(.seconds(30))
        #expect(await self.outcome(secret) == nil)
    }

    @Test("ask once for all requests that wait")
    func together() async throws {
        let secret = self.signIns.open(try await self.under.loggedIn())
        self.under.under.time.pass(.seconds(300))
        self.under.answer(try self.under.identityToken(nil))
        let (gates, gate) = AsyncStream.makeStream(of: Void.self)
        self.under.endpoint.hold(until: Task { for await _ in gates { return } })
        let codes = await withTaskGroup(of: CollimatorError.Code?.self) { group in
            for _ in 0..<50 { group.addTask { await self.outcome(secret) } }
            gate.yield()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes == Array(repeating: nil, count: 50))
        #expect(self.renewals == 1)
    }

    @Test("that were ended while the issuer was asked stay ended")
    func endedMeanwhile() async throws {
        let loggedIn = try await self.under.loggedIn()
        let secret = self.signIns.open(loggedIn)
        self.under.under.time.pass(.seconds(300))
        self.under.answer(try self.under.identityToken(nil))
        let (gates, gate) = AsyncStream.makeStream(of: Void.self)
        self.under.endpoint.hold(until: Task { for await _ in gates { return } })
        async let outcome = self.outcome(secret)
        while self.renewals == 0 { await Task.yield() }
        self.signIns.endAll(of: loggedIn.caller.principal)
        gate.yield()
        #expect(await outcome == .unauthenticated)
        #expect(await self.outcome(secret) == .unauthenticated)
    }

    @Test("end when rules begin to name groups that their token has hidden")
    func hiddenGroups() async throws {
        let flag = TestTime()
        // The time stands in for the policy: after a second it names groups.
        let under = try LoginUnderTest(namesGroups: flag.seconds > TestTime.start)
        let signIns = SignIns(login: under.login, now: under.under.time.now)
        let secret = signIns.open(try await under.loggedIn(["groups": nil, "hasgroups": "true"]))
        #expect(await code { _ = try await signIns.authenticate(session: secret) } == nil)
        flag.pass(.seconds(1))
        #expect(await code { _ = try await signIns.authenticate(session: secret) } == .unauthenticated)
    }

    private func outcome(_ secret: String) async -> CollimatorError.Code? {
        await code { _ = try await self.signIns.authenticate(session: secret) }
    }
}
