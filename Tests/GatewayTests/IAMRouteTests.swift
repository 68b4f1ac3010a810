import CollimatorCore
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import Identity
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

private struct SituationText: Decodable {
    let policyVersion: Int
    let drift: Bool?
    let resources: [Resource]
    let unmapped: [Unmapped]

    struct Resource: Decodable {
        let resource: String
        let kind: String
        let readable: Bool
        let additions: [Grant]
        let removals: [Grant]
        let kept: [Grant]
        let foreign: [Grant]
        let bindings: [Binding]?
        let bindingsAfter: [Binding]?
    }

    struct Grant: Decodable {
        let role: String
        let member: String
        let rules: [String]?
        let beyond: [String]?
    }

    struct Binding: Decodable {
        let role: String
        let members: [String]
    }

    struct Unmapped: Decodable {
        let rule: String
        let reason: String
    }
}

private struct ImportText: Decodable {
    let version: Int
    let applied: Bool
    let rules: [Rule]
    let skipped: [Skipped]

    struct Rule: Decodable {
        let id: String
        let principal: String
        let role: String
    }

    struct Skipped: Decodable {
        let member: String
        let reason: String
    }
}

@Suite("/api/v1/stores/{store}/iam: the rules beside the IAM policy")
struct IAMRouteTests {
    private static let root = "/api/v1/stores/radiology/iam"
    private static let dataset = "projects/p/locations/l/datasets/d"
    private static let store = "\(dataset)/dicomStores/s"
    private static let viewer = "roles/healthcare.dicomViewer"
    private let cloud = ScriptedCloud([:])
    private let gateway: GatewayUnderTest

    init() async throws {
        self.gateway = try await GatewayUnderTest(cloud: self.cloud).knowingCallers().keepingRules()
        self.set([IAMBinding(role: Self.viewer, members: ["user:stranger@example.org"])])
        self.cloud.policies.withLock { $0[Self.dataset] = IAMPolicy(etag: "d") }
    }

    private func set(_ bindings: [IAMBinding]) {
        self.cloud.policies.withLock { $0[Self.store] = IAMPolicy(etag: "s", bindings: bindings) }
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String = root,
        _ json: String? = nil
    ) async throws -> TestResponse {
        var headers = GatewayUnderTest.bearer
        if json != nil { headers[.contentType] = "application/json" }
        headers[.ifMatch] = "*"
        return try await self.gateway.request(method, path, headers: headers, body: json.map { ByteBuffer(string: $0) })
    }

    private func rule(_ id: String, _ more: String) async throws {
        let answer = try await self.send(
            .put,
            "/api/v1/access/rules/\(id)",
            #"{"effect":"allow","principal":"user:google/\#(id)","role":"viewer","resource":"stores/radiology"\#(more)}"#
        )
        #expect(answer.status == .ok, "\(answer.text)")
    }

    private func situation(_ method: HTTPRequest.Method = .get, _ path: String = "") async throws -> SituationText {
        let answer = try await self.send(method, Self.root + path)
        #expect(answer.status == .ok, "\(answer.text)")
        return try JSONDecoder().decode(SituationText.self, from: Data(answer.body.readableBytesView))
    }

    private static let direct = #","direct":true,"iamMember":"user:ann@example.org""#

    @Test("shows what direct rules ask for, what is there, and what is of others")
    func find() async throws {
        #expect(try await self.situation().drift == false)
        try await self.rule("ann", Self.direct)
        try await self.rule("bob", #","direct":true"#)
        let found = try await self.situation()
        #expect(found.drift == true && found.policyVersion == 2)
        #expect(found.unmapped.map(\.rule) == ["bob"] && found.unmapped.map(\.reason) == ["no-iam-member"])
        let store = try #require(found.resources.first)
        #expect(found.resources.map(\.resource) == [Self.store, Self.dataset])
        #expect(store.additions.map(\.member) == ["user:ann@example.org"])
        #expect(store.additions.first?.rules == ["ann"])
        #expect(store.additions.first?.beyond?.contains("healthcare.dicomStores.export") == true)
        #expect(store.foreign.map(\.member) == ["user:stranger@example.org"])
        #expect(store.bindings?.first?.members == ["user:stranger@example.org"] && store.bindingsAfter == nil)
    }

    @Test("a plan changes nothing, and what was planned but never begun is not ours")
    func plan() async throws {
        try await self.rule("ann", Self.direct)
        let plan = try #require(try await self.situation(.post, "/plans").resources.first)
        #expect(plan.bindings == nil)
        #expect(plan.bindingsAfter?.first?.members == ["user:stranger@example.org", "user:ann@example.org"])
        #expect(self.cloud.log.isEmpty)
        // Somebody else gives it meanwhile: when the rule goes the binding stays theirs.
        self.set([IAMBinding(role: Self.viewer, members: ["user:ann@example.org"])])
        #expect(try await self.send(.delete, "/api/v1/access/rules/ann").status == .noContent)
        let after = try await self.situation()
        #expect(after.drift == false && after.resources.first?.foreign.map(\.member) == ["user:ann@example.org"])
    }

    @Test("what is begun is ours: it is taken away with the rule, and once gone it is anybody's")
    func application() async throws {
        try await self.rule("ann", Self.direct)
        let begun = try await self.situation(.post, "/applications")
        #expect(begun.resources.first?.additions.map(\.member) == ["user:ann@example.org"])
        self.set([IAMBinding(role: Self.viewer, members: ["user:ann@example.org", "user:stranger@example.org"])])
        let there = try await self.situation()
        #expect(there.drift == false && there.resources.first?.kept.map(\.member) == ["user:ann@example.org"])
        #expect(try await self.send(.delete, "/api/v1/access/rules/ann").status == .noContent)
        let lingering = try await self.situation(.post, "/plans")
        #expect(
            lingering.drift == true && lingering.resources.first?.removals.map(\.member) == ["user:ann@example.org"]
        )
        #expect(lingering.resources.first?.bindingsAfter?.first?.members == ["user:stranger@example.org"])
        self.set([IAMBinding(role: Self.viewer, members: ["user:stranger@example.org"])])
        #expect(try await self.situation(.post, "/applications").drift == false)
        self.set([IAMBinding(role: Self.viewer, members: ["user:ann@example.org"])])
        #expect(try await self.situation().resources.first?.removals.isEmpty == true)
    }

    @Test("a policy that we may not read is said to be so, and nothing is planned for it")
    func unreadable() async throws {
        self.cloud.policies.withLock { $0[Self.dataset] = nil }
        try await self.rule("ann", Self.direct)
        #expect(try await self.situation().drift == true)
        self.set([IAMBinding(role: Self.viewer, members: ["user:ann@example.org"])])
        let found = try await self.situation()
        #expect(found.drift == nil && found.resources.map(\.readable) == [true, false])
    }

    @Test("bindings are read as rules, after a try that changes nothing, and are ours from then on")
    func imports() async throws {
        let path = "/api/v1/access/iam-imports"
        let body = #"{"store":"radiology","principals":{"user:stranger@example.org":"user:google/9"}}"#
        func imported(_ path: String, _ body: String) async throws -> ImportText {
            let answer = try await self.send(.post, path, body)
            #expect(answer.status == .ok, "\(answer.text)")
            return try JSONDecoder().decode(ImportText.self, from: Data(answer.body.readableBytesView))
        }
        let tried = try await imported("\(path)?dryRun=true", body)
        #expect(!tried.applied && tried.version == 0 && tried.rules.map(\.principal) == ["user:google/9"])
        #expect(try await self.situation().resources.first?.foreign.count == 1)
        let unknown = try await imported(path, #"{"store":"radiology"}"#)
        #expect(unknown.rules.isEmpty && unknown.skipped.map(\.reason) == ["unknown-member"])
        let done = try await imported(path, body)
        #expect(done.applied && done.version == 1 && done.rules.map(\.role) == ["viewer"])
        let situation = try await self.situation()
        #expect(situation.drift == false && situation.resources.first?.kept.count == 1)
        let id = try #require(done.rules.first?.id)
        #expect(try await self.send(.delete, "/api/v1/access/rules/\(id)").status == .noContent)
        #expect(try await self.situation().resources.first?.removals.count == 1)

        for faulty in [
            "[]", "{}", #"{"store":"nowhere"}"#, #"{"store":"radiology","more":1}"#,
            #"{"store":"radiology","principals":{"allUsers":"user:google/9"}}"#,
            #"{"store":"radiology","principals":{"user:a@example.org":"ann"}}"#,
        ] {
            #expect(try await self.send(.post, path, faulty).status == .badRequest, "\(faulty)")
        }
    }

    @Test("a store of another server has no policy, and an unknown one is unknown")
    func otherStores() async throws {
        let gateway = try await GatewayUnderTest(ScriptedUpstream()).knowingCallers().keepingRules()
        #expect(try await gateway.request(.get, Self.root).status == .conflict)
        #expect(try await gateway.request(.get, "/api/v1/stores/nowhere/iam").status == .notFound)
        #expect(try await self.send(.post, "\(Self.root)/plans", #"{"policy":{}}"#).status == .badRequest)
    }
}
