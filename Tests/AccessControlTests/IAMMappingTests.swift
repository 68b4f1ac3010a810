import CollimatorCore
import Persistence
import TestSupport
import Testing

@testable import AccessControl

@Suite("Rules mapped onto IAM")
struct IAMMappingTests {
    private let sample: PolicySample
    private let ann = IAMGrant(role: "roles/healthcare.dicomViewer", member: "user:ann@example.org")

    init() throws { self.sample = try PolicySample() }

    private func direct(
        _ id: String = "d",
        role: String = "viewer",
        on resource: RuleResource? = nil,
        for principal: Principal? = nil,
        member: String? = "user:ann@example.org"
    ) -> AccessRule {
        self.sample.rule(id, role: role, on: resource, for: principal) {
            $0.isDirect = true
            $0.iamMember = member
        }
    }

    private func mapping(
        _ rules: [AccessRule],
        groups: [AccessPolicy.LocalGroup] = [],
        suspended: Set<Principal> = []
    ) -> IAMMapping {
        var policy = AccessPolicy()
        policy.rules = rules
        policy.groups = groups
        #expect(policy.faults().isEmpty)
        return IAMMapping(policy, of: self.sample.store, suspended: suspended)
    }

    @Test("a direct rule on the store or on all stores stands for a binding, and no other rule")
    func plain() {
        let mapping = self.mapping([
            self.direct("a"), self.direct("b", on: .allStores), self.direct("c", on: .store(self.sample.other)),
            self.sample.rule("not-direct"), self.direct("nobody", member: nil), self.direct("own", role: "uploader"),
            self.direct("far", role: "dataset-viewer"), self.direct("near", role: "dataset-admin", on: .allStores),
        ])
        #expect(mapping.store == [self.ann: ["a", "b"]])
        let admin = IAMGrant(role: "roles/healthcare.datasetAdmin", member: "user:ann@example.org")
        #expect(mapping.dataset == [admin: ["near"]])
        #expect(mapping.unmapped.map(\.ruleID) == ["nobody", "own", "far"])
        #expect(mapping.unmapped.map(\.reason) == [.noMember, .noRole, .roleOfDataset])
    }

    @Test("a denial that can take anything from what IAM would give keeps the rule out of IAM")
    func denials() {
        let reader = self.sample.reader
        let study = RuleResource.study(self.sample.store, studyUID: "1.2")
        let touching: [AccessRule] = [
            self.sample.rule("n", .deny), self.sample.rule("n", .deny, on: study),
            self.sample.rule("n", .deny, on: .allStores), self.sample.rule("n", .deny, role: "exporter"),
            self.sample.rule("n", .deny, for: .group(issuer: "hospital", name: "students")),
            self.sample.rule("n", .deny, for: .authenticated(issuer: "hospital")),
            self.sample.rule("n", .deny, for: .localGroup(name: "readers")),
            self.sample.rule("n", .deny) { $0.condition.modalities = ["CT"] },
            self.sample.rule("n", .deny) { $0.request.purposesOfUse = ["HRESCH"] },
        ]
        let groups = [
            AccessPolicy.LocalGroup(name: "readers", members: [reader]),
            AccessPolicy.LocalGroup(name: "others", members: [.client(id: "x")]),
        ]
        for denial in touching {
            let mapping = self.mapping([self.direct(), denial], groups: groups)
            #expect(mapping.unmapped.map(\.reason) == [.touchedByDenial], "\(denial)")
            #expect(mapping.store.isEmpty)
        }
        let apart: [AccessRule] = [
            self.sample.rule("n", .deny, on: .store(self.sample.other)),
            self.sample.rule("n", .deny, role: "uploader"),
            self.sample.rule("n", .deny, for: .user(issuer: "hospital", subject: "another")),
            self.sample.rule("n", .deny, for: .user(issuer: "university", subject: "reader")),
            self.sample.rule("n", .deny, for: .group(issuer: "university", name: "students")),
            self.sample.rule("n", .deny, for: .localGroup(name: "others")),
            self.sample.rule("n", .deny, for: .anonymous), self.sample.rule("n", .deny, for: .client(id: "reader")),
        ]
        for denial in apart {
            #expect(self.mapping([self.direct(), denial], groups: groups).store == [self.ann: ["d"]], "\(denial)")
        }
    }

    @Test("what is denied to one user keeps a group of the same issuer out of IAM")
    func groups() {
        let group = self.direct(for: .group(issuer: "hospital", name: "readers"), member: "group:readers@example.org")
        let denial = self.sample.rule("n", .deny)
        #expect(self.mapping([group, denial]).unmapped.map(\.reason) == [.touchedByDenial])
        // Seeing is denied: deleting too then.
        let admin = self.direct(role: "store-admin")
        #expect(self.mapping([admin, denial]).unmapped.map(\.reason) == [.touchedByDenial])
    }

    @Test("what the policy of a dataset is to grant does not depend on the store that is looked at")
    func dataset() {
        let admin = self.direct(role: "dataset-admin", on: .allStores)
        let denial = self.sample.rule("n", .deny, role: "store-admin", on: .store(self.sample.other))
        #expect(self.mapping([admin, denial]).unmapped.map(\.reason) == [.touchedByDenial])
        #expect(self.mapping([self.direct(), denial]).store == [self.ann: ["d"]])
    }

    @Test("who is kept out has no binding")
    func suspended() {
        let mapping = self.mapping([self.direct()], suspended: [self.sample.reader])
        #expect(mapping.store.isEmpty && mapping.unmapped.map(\.reason) == [.suspended])
    }

    @Test("says what a role of IAM allows beyond the role here, and reads each back as one that allows no more")
    func roles() throws {
        let viewer = try #require(RoleTable.predefined.first { $0.name == "viewer" })
        #expect(IAMRoleTable.beyond(viewer).contains("healthcare.dicomStores.export"))
        for role in RoleTable.predefined { #expect(role.iamRole.map { IAMRoleTable.row($0) != nil } ?? true) }
        for row in IAMRoleTable.rows {
            let role = try #require(IAMRoleTable.role(for: row.role))
            #expect(role.iamRole == row.role)
            let ours = role.permissions.map(\.rawValue).filter { $0.hasPrefix("healthcare.dicomStores.") }
            #expect(row.permissions.isSuperset(of: ours), "\(row.role)")
        }
        #expect(IAMRoleTable.role(for: "roles/owner") == nil)
    }

    @Test(
        "a member of IAM is one that is written as IAM keeps it",
        arguments: [
            ("user:ann@example.org", true), ("serviceAccount:x@p.iam.gserviceaccount.com", true),
            ("group:g@example.org", true), ("domain:example.org", true),
            ("principal://iam.googleapis.com/locations/global/workforcePools/p/subject/7", true),
            ("user:Ann@example.org", false), ("ann@example.org", false), ("user:ann", false), ("allUsers", false),
            ("allAuthenticatedUsers", false), ("user:a b@example.org", false), ("principal://elsewhere/x", false),
            ("domain:example", false), ("", false),
        ]
    )
    func members(text: String, isMember: Bool) {
        #expect(IAMMember.isMember(text) == isMember)
        let problems = self.direct(member: text).problems(roles: AccessPolicy().rolesByName, groups: [])
        #expect(problems == (isMember ? [] : [.badIAMMember]))
    }

    @Test("a policy is read as rules that ask for what is there, and once read asks for nothing more")
    func importing() throws {
        let iam = IAMPolicy(
            etag: "e",
            bindings: [
                IAMBinding(role: self.ann.role, members: [self.ann.member, "user:stranger@example.org"]),
                IAMBinding(role: "roles/owner", members: [self.ann.member]),
                IAMBinding(
                    role: self.ann.role,
                    members: ["user:b@example.org"],
                    condition: IAMCondition(expression: "x")
                ),
            ]
        )
        let principals = [self.ann.member: self.sample.reader]
        var policy = AccessPolicy()
        let first = IAMImport(iam, of: self.sample.store, principals: principals, into: policy)
        #expect(first.rules.map(\.principal) == [self.sample.reader] && first.covered == [self.ann])
        #expect(Set(first.skipped.map(\.reason)) == [.unknownMember, .unknownRole, .conditional])
        policy.rules = first.rules
        #expect(policy.faults().isEmpty)
        #expect(IAMMapping(policy, of: self.sample.store).store.keys.map(\.self) == [self.ann])
        let again = IAMImport(iam, of: self.sample.store, principals: [:], into: policy)
        #expect(again.rules.isEmpty && again.covered == [self.ann])
    }

    @Test("which grants are ours outlives a restart, each with the policy that it is in")
    func claims() async throws {
        let folder = try TemporaryDirectory()
        let name = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        let bob = IAMGrant(role: self.ann.role, member: "user:bob@example.org")
        for round in 0..<2 {
            let database = try Database.open(DatabaseConfiguration(path: folder.path + "/access.db"))
            let store = PolicyStore(database: database, authorizer: Authorizer())
            try await store.prepare()
            if round == 0 {
                try await store.claim([self.ann, bob], on: .store(name))
                try await store.claim([self.ann], releasing: [bob], on: .store(name))
            }
            #expect(try await store.claimedGrants(on: .store(name)) == [self.ann])
            #expect(try await store.claimedGrants(on: .dataset(name.dataset)).isEmpty)
            try await database.close()
        }
    }
}
