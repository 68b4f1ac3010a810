import CollimatorCore
import Testing

@testable import AccessControl

@Suite("administrators of the configuration")
struct ConfiguredAdministratorTests {
    private let group = Principal.group(issuer: "hospital", name: "it")
    private let authorizer: Authorizer
    private let store: StoreName

    init() throws {
        self.authorizer = Authorizer(administrators: [self.group, .client(id: "setup")])
        self.store = try #require(StoreName("radiology"))
    }

    private var ann: AccessSubject {
        AccessSubject(.user(issuer: "hospital", subject: "ann"), memberships: [self.group], timeSeconds: 0)
    }

    @Test("hold the role before there is a rule and with every policy after it, and see no imaging by it")
    func role() throws {
        for version in 0...2 {
            if version > 0 { self.authorizer.install(try CompiledPolicy(AccessPolicy(), version: version)) }
            let decision = self.authorizer.decide(self.ann, .policyUpdate, on: .service)
            #expect(decision.isAllowed)
            #expect(decision.ruleID == CompiledPolicy.administratorsRule)
            #expect(self.authorizer.decide(.client(id: "setup"), .keysManage, on: .service).isAllowed)
            #expect(!self.authorizer.decide(self.ann, .dicomWebRead, on: .store(self.store)).isAllowed)
            let bob = AccessSubject(.user(issuer: "hospital", subject: "bob"), timeSeconds: 0)
            #expect(!self.authorizer.decide(bob, .policyUpdate, on: .service).isAllowed)
        }
    }

    @Test("are subject to a denial, as everybody is but the administrator key")
    func denial() throws {
        var policy = AccessPolicy()
        policy.rules = [AccessRule(id: "no", .deny, self.group, role: "administrator", on: .allStores)]
        self.authorizer.install(try CompiledPolicy(policy, version: 1))
        #expect(!self.authorizer.decide(self.ann, .policyUpdate, on: .service).isAllowed)
        #expect(self.authorizer.decide(.client(id: "setup"), .policyUpdate, on: .service).isAllowed)
    }

    @Test("groups are named by rules and by the configuration, for each issuer by itself, as long as they are")
    func namedGroups() throws {
        let authorizer = Authorizer()
        #expect(self.authorizer.namesGroups(of: "hospital"))
        #expect(!authorizer.namesGroups(of: "hospital"))
        var policy = AccessPolicy()
        policy.rules = [
            AccessRule(id: "a", .deny, self.group, role: "viewer", on: .allStores),
            AccessRule(id: "b", .allow, .user(issuer: "clinic", subject: "bob"), role: "viewer", on: .allStores),
            AccessRule(id: "c", .allow, .authenticated(issuer: "clinic"), role: "viewer", on: .allStores),
        ]
        authorizer.install(try CompiledPolicy(policy, version: 1))
        #expect(authorizer.namesGroups(of: "hospital"))
        #expect(!authorizer.namesGroups(of: "clinic"))
        authorizer.install(try CompiledPolicy(AccessPolicy(), version: 2))
        #expect(!authorizer.namesGroups(of: "hospital"))
    }
}
