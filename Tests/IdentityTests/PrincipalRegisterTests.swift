import CollimatorCore
import Testing

@testable import Identity

@Suite("Who has called, and who is suspended")
struct PrincipalRegisterTests {
    private static let ann = Principal.user(issuer: "hospital", subject: "ann")
    private static let bob = Principal.user(issuer: "hospital", subject: "bob")

    private static func caller(_ principal: Principal, memberships: [Principal] = []) -> Caller {
        Caller(verified: principal, memberships: memberships, method: .oidcToken)
    }

    @Test("a caller is seen, with what it was known by")
    func seen() async throws {
        let fixture = try await IdentityFixture()
        let group = Principal.group(issuer: "hospital", name: "radiology")
        try fixture.directory.admit(Self.caller(Self.ann, memberships: [group]))
        fixture.move(seconds: 60)
        try fixture.directory.admit(Self.caller(Self.ann))
        let record = try #require(fixture.directory.principals.find(Self.ann))
        #expect(record.firstSeenAt == fixture.now() - 60_000)
        #expect(record.lastSeenAt == fixture.now())
        #expect(record.method == .oidcToken && record.memberships.isEmpty && record.suspendedAt == nil)

        try await fixture.directory.flush()
        let next = try await fixture.restarted()
        #expect(next.directory.principals.find(Self.ann) == record)
        #expect(next.directory.principals.find(Self.bob) == nil)
    }

    @Test("a suspended caller is refused at once and after a restart, and no other")
    func suspended() async throws {
        let fixture = try await IdentityFixture()
        let principals = fixture.directory.principals
        try fixture.directory.admit(Self.caller(Self.ann))
        let record = try await principals.suspend(Self.ann, by: IdentityFixture.administrator)
        #expect(record.suspendedBy == .administrator && record.lastSeenAt != nil)
        let refused = await code { try fixture.directory.admit(Self.caller(Self.ann)) }
        #expect(refused == .unauthenticated)
        #expect(!fixture.directory.stillStands(Self.caller(Self.ann)))
        try fixture.directory.admit(Self.caller(Self.bob))

        let next = try await fixture.restarted()
        let still = await code { try next.directory.admit(Self.caller(Self.ann)) }
        #expect(still == .unauthenticated)
        try await next.directory.principals.restore(Self.ann)
        try next.directory.admit(Self.caller(Self.ann))
        let last = try await next.restarted()
        #expect(last.directory.stillStands(Self.caller(Self.ann)))
    }

    @Test("somebody can be suspended who never called, and twice")
    func beforehand() async throws {
        let fixture = try await IdentityFixture()
        let principals = fixture.directory.principals
        let first = try await principals.suspend(Self.ann, by: IdentityFixture.administrator)
        fixture.move(seconds: 5)
        let second = try await principals.suspend(Self.ann, by: Self.caller(Self.bob))
        #expect(first == second)
        try await principals.restore(Self.ann)
        #expect(!principals.isSuspended(Self.ann))
    }

    @Test("a suspension of one spelling does not touch another")
    func spelling() async throws {
        let fixture = try await IdentityFixture()
        _ = try await fixture.directory.principals.suspend(Self.ann, by: IdentityFixture.administrator)
        for other in [
            Principal.user(issuer: "hospital", subject: "Ann"), .user(issuer: "Hospital", subject: "ann"),
            .user(issuer: "other", subject: "ann"), .client(id: "ann"), .user(issuer: "hospital", subject: "ａnn"),
        ] {
            #expect(!fixture.directory.principals.isSuspended(other))
        }
    }

    @Test(
        "what is nobody in particular cannot be suspended",
        arguments: [
            Principal.administrator, .anonymous, .group(issuer: "hospital", name: "x"), .localGroup(name: "x"),
            .authenticated(issuer: "hospital"),
        ]
    )
    func nobody(principal: Principal) async throws {
        let fixture = try await IdentityFixture()
        let refused = await code {
            _ = try await fixture.directory.principals.suspend(principal, by: Self.caller(Self.ann))
        }
        #expect(refused == .unprocessable)
    }

    @Test("nobody suspends oneself, and nobody unknown is restored")
    func refusals() async throws {
        let fixture = try await IdentityFixture()
        let principals = fixture.directory.principals
        let oneself = await code { _ = try await principals.suspend(Self.ann, by: Self.caller(Self.ann)) }
        #expect(oneself == .conflict)
        let unknown = await code { try await principals.restore(Self.ann) }
        #expect(unknown == .notFound)
    }

    @Test("the number of those who are known is bounded, and no suspension is forgotten for it")
    func bounded() async throws {
        var limits = PrincipalLimits()
        limits.principalsMax = 32
        limits.suspendedMax = 1
        let fixture = try await IdentityFixture(principalLimits: limits)
        _ = try await fixture.directory.principals.suspend(Self.ann, by: IdentityFixture.administrator)
        for number in 0..<100 {
            fixture.move(seconds: 1)
            try fixture.directory.admit(Self.caller(.user(issuer: "hospital", subject: "\(number)")))
        }
        #expect(fixture.directory.principals.all.count <= 32)
        #expect(fixture.directory.principals.isSuspended(Self.ann))
        #expect(fixture.directory.principals.find(.user(issuer: "hospital", subject: "99")) != nil)
        #expect(fixture.directory.principals.find(.user(issuer: "hospital", subject: "0")) == nil)
        let full = await code {
            _ = try await fixture.directory.principals.suspend(Self.bob, by: IdentityFixture.administrator)
        }
        #expect(full == .conflict)
    }

    @Test("suspensions and restorations that meet leave memory and disk agreeing")
    func race() async throws {
        let fixture = try await IdentityFixture()
        let principals = fixture.directory.principals
        _ = try await principals.suspend(Self.ann, by: IdentityFixture.administrator)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    if number.isMultiple(of: 2) {
                        _ = try await principals.suspend(Self.ann, by: IdentityFixture.administrator)
                    } else {
                        try await principals.restore(Self.ann)
                    }
                }
            }
            try await group.waitForAll()
        }
        let isSuspended = principals.isSuspended(Self.ann)
        let next = try await fixture.restarted()
        #expect(next.directory.principals.isSuspended(Self.ann) == isSuspended)
    }
}
