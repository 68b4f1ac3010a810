import CollimatorCore
import Cryptography
import Persistence
import TestSupport
import Testing

@testable import AccessControl

@Suite("versions of the policy")
struct PolicyStoreTests: ~Copyable {
    private let sample: PolicySample
    private let folder: TemporaryDirectory
    private let authorizer = Authorizer()

    init() throws {
        let sample = try PolicySample()
        self.folder = try TemporaryDirectory()
        self.sample = sample
    }

    private func opened(for authorizer: Authorizer? = nil) async throws -> (PolicyStore, Database) {
        let database = try Database.open(DatabaseConfiguration(path: self.folder.path + "/access.db"))
        let store = PolicyStore(database: database, authorizer: authorizer ?? self.authorizer)
        try await store.prepare()
        return (store, database)
    }

    private func adding(_ rule: AccessRule) -> @Sendable (AccessPolicy) throws -> AccessPolicy {
        { policy in
            var policy = policy
            policy.rules.append(rule)
            return policy
        }
    }

    @Test("a change counts at once, and after a restart")
    func change() async throws {
        let (store, database) = try await self.opened()
        let rule = self.sample.rule {
            $0.condition.patients = [PatientIdentity(id: "7", issuer: "North")]
            $0.condition.texts[.description] = ["Chest*"]
            $0.request.timeOfDay = .init(fromMinute: 420, toMinute: 1_140, zone: .offset(minutes: 60))
            $0.request.expiresAtSeconds = 1_800_000_000
            $0.includesDerived = false
        }
        let number = try await store.change(by: .administrator, self.adding(rule))
        #expect(number == 1)
        #expect(self.authorizer.policy.version == 1)
        try await database.close()

        let restarted = Authorizer()
        let (again, reopened) = try await self.opened(for: restarted)
        let newest = try await again.newest()
        #expect(restarted.policy.version == 1)
        #expect(newest.policy.rules == [rule])
        try await reopened.close()
    }

    @Test("case 44: a faulty change is refused, and the old policy stays in force and in the file")
    func faulty() async throws {
        let (store, database) = try await self.opened()
        try await store.change(by: .administrator, self.adding(self.sample.rule("a")))
        let second = self.adding(self.sample.rule("a"))
        await #expect(throws: PolicyFaults.self) { try await store.change(by: .administrator, second) }
        let newest = try await store.newest()
        #expect(newest.number == 1)
        #expect(self.authorizer.policy.version == 1)
        try await database.close()
    }

    @Test("who was overtaken is told so")
    func overtaken() async throws {
        let (store, database) = try await self.opened()
        try await store.change(by: .administrator, from: 0, self.adding(self.sample.rule("a")))
        let late = self.adding(self.sample.rule("b"))
        let error = await #expect(throws: CollimatorError.self) {
            try await store.change(by: .administrator, from: 0, late)
        }
        #expect(error?.code == .preconditionFailed)
        try await database.close()
    }

    @Test("of many changes of one version at once one counts, and the others are told; those of no version all count")
    func together() async throws {
        let (store, database) = try await self.opened()
        func change(from expected: Int?, prefix: String) async throws -> [CollimatorError.Code?] {
            try await withThrowingTaskGroup(of: CollimatorError.Code?.self) { group in
                for number in 1...8 {
                    let change = self.adding(self.sample.rule("\(prefix)\(number)"))
                    group.addTask {
                        do {
                            _ = try await store.change(by: .administrator, from: expected, change)
                            return nil
                        } catch let error as CollimatorError {
                            return error.code
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        let ofOne = try await change(from: 0, prefix: "a")
        #expect(ofOne.filter { $0 == nil }.count == 1)
        #expect(ofOne.filter { $0 == .preconditionFailed }.count == 7)
        let ofNone = try await change(from: nil, prefix: "b")
        #expect(ofNone.allSatisfy { $0 == nil })
        let newest = try await store.newest()
        #expect(newest.number == 9)
        #expect(newest.policy.rules.count == 9)
        #expect(self.authorizer.policy.version == 9)
        try await database.close()
    }

    @Test("100,000 rules are a policy, and one more is a fault that leaves the old one in force")
    func many() async throws {
        let (store, database) = try await self.opened()
        try await store.change(by: .administrator, self.adding(self.sample.rule("a")))
        var policy = AccessPolicy()
        policy.rules = (1...AccessPolicy.rulesMax).map { self.sample.rule("r\($0)") }
        #expect(AccessPolicy.rulesMax == 100_000)
        #expect(policy.faults().isEmpty)
        policy.rules.append(self.sample.rule("more"))
        let tooLarge = policy
        let error = await #expect(throws: PolicyFaults.self) {
            try await store.change(by: .administrator) { _ in tooLarge }
        }
        #expect(error?.faults.map(\.problem) == [.tooMany])
        let newest = try await store.newest()
        #expect(newest.policy.rules.map(\.id) == ["a"])
        #expect(self.authorizer.policy.version == 1)
        try await database.close()
    }

    @Test("an earlier version is brought back as a new one, and one that never was is not found")
    func restore() async throws {
        let (store, database) = try await self.opened()
        try await store.change(by: .administrator, self.adding(self.sample.rule("a")))
        try await store.change(by: .administrator, self.adding(self.sample.rule("b")))
        let number = try await store.restore(1, by: .client(id: "admin"))
        let newest = try await store.newest()
        let versions = try await store.versions(limit: 2)
        let missing = await #expect(throws: CollimatorError.self) { try await store.restore(9, by: .administrator) }
        #expect(number == 3)
        #expect(newest.policy.rules.map(\.id) == ["a"])
        #expect(versions.map(\.number) == [3, 2])
        #expect(versions.map(\.restored) == [1, nil])
        #expect(versions.map(\.madeBy) == ["client:admin", "administrator"])
        #expect(missing?.code == .notFound)
        try await database.close()
    }

    @Test("the last who may change the rules is not locked out")
    func lockOut() async throws {
        let (store, database) = try await self.opened()
        let administrator = self.sample.rule("admin", role: "administrator", on: .allStores)
        try await store.change(by: .administrator, self.adding(administrator))
        let error = await #expect(throws: PolicyFaults.self) {
            try await store.change(by: .administrator) { _ in AccessPolicy() }
        }
        #expect(error?.faults.map(\.problem) == [.lockOut])
        try await database.close()
    }

    @Test("a policy with faults of form lists them all", arguments: [#"{"rules":[{"id":1},{"effect":"allow"},7]}"#])
    func form(text: String) throws {
        let document = try #require(StrictJSON(parsing: Array(text.utf8)))
        let error = #expect(throws: PolicyFaults.self) { try PolicyDocument.policy(document) }
        #expect(Set(error?.faults.map(\.place) ?? []) == ["rules[0]", "rules[1]", "rules[2]"])
    }

    @Test(
        "what is not known in a policy is a fault, for it may have been meant to restrict",
        arguments: [
            (#"{"rule":[]}"#, PolicyFaults.Problem.unknownMember),
            (#"{"rules":{}}"#, .wrongKind),
            (#"[]"#, .noObject),
            (Self.rule("anonymous", "*", more: #","x":1"#), .unknownMember),
            (Self.rule("alice", "*"), .badPrincipal),
            (Self.rule("anonymous", "radiology"), .badResource),
        ]
    )
    func unknown(text: String, problem: PolicyFaults.Problem) throws {
        let document = try #require(StrictJSON(parsing: Array(text.utf8)))
        let error = #expect(throws: PolicyFaults.self) { try PolicyDocument.policy(document) }
        #expect(error?.faults.map(\.problem) == [problem])
    }

    private static func rule(_ principal: String, _ resource: String, more: String = "") -> String {
        #"{"rules":[{"id":"a","effect":"allow","role":"viewer","principal":"\#(principal)","resource":"\#(resource)""#
            + #"\#(more)}]}"#
    }

    @Test("the difference of two policies says whose rules came and went")
    func difference() {
        var old = AccessPolicy()
        old.rules = [self.sample.rule("kept"), self.sample.rule("gone", for: .client(id: "a"))]
        var new = AccessPolicy()
        new.rules = [self.sample.rule("kept"), self.sample.rule("new", .deny, for: .client(id: "b"))]
        let difference = PolicyDifference(from: old, to: new)
        #expect(difference.added == ["new"])
        #expect(difference.removed == ["gone"])
        #expect(difference.changed.isEmpty)
        #expect(difference.mayGain.isEmpty)
        #expect(difference.mayLose == [.client(id: "a"), .client(id: "b")])
    }
}
