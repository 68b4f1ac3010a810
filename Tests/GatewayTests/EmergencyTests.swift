import AccessControl
import Audit
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import Persistence
import TestSupport
import Testing

@testable import Gateway
@testable import Identity
@testable import Webhooks

@Suite("access.emergency", .timeLimit(.minutes(1)))
struct EmergencyTests {
    /// Tokens of the form `test-{name}-{purpose}`.
    private struct Tokens: CredentialVerifier {
        func accepts(_ token: Substring) -> Bool { token.hasPrefix("test-") }

        func caller(_ token: Substring) async throws(CollimatorError) -> Caller {
            let parts = token.split(separator: "-").map(String.init)
            return Caller(
                verified: .user(issuer: "clinic", subject: parts[1]),
                method: .oidcToken,
                purposeOfUse: parts.count > 2 ? parts[2] : nil
            )
        }
    }

    private struct Page: Decodable {
        let items: [Event]

        struct Event: Decodable {
            let type: String
            let subject: String
            let source: String
            let data: Payload
        }

        struct Payload: Decodable {
            let principal: String?
            let store: String?
            let study: String?
            let links: [String: String]?
        }
    }

    private let hooks: WebhookGateway
    private let gateway: GatewayUnderTest
    private let watch: EmergencyWatch

    /// A gateway where `user:clinic/ann` may see the study, `user:clinic/eve` the audit, and both what changed.
    init() async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/audit.db", readerCount: 1))
        let store = AuditStore(database: database)
        try await store.prepare()
        let log = try AuditLog(
            store,
            spoolPath: "\(folder.path)/spool",
            // The clock holds the folder as long as the audit lives.
            clock: WallClock { withExtendedLifetime(folder) { Date(timeIntervalSince1970: 1_790_000_000) } },
            logger: GatewayUnderTest.quiet
        )
        self.hooks = try await WebhookGateway(audit: log)
        var gateway = self.hooks.gateway
        gateway.parts.authenticator = Authenticator(
            administratorKey: try GatewayUnderTest.administratorKey(),
            keys: gateway.parts.identity.keys,
            verifiers: [Tokens()]
        )
        let studies = [Sample.study, "1.2.9"].map { Sample.study(uid: $0) }
        // The first walk tells of nothing.
        self.gateway = try await gateway.knowing(try studies.map { try StudyEntry($0) })
        self.watch = try #require(gateway.parts.emergencyWatch)
        try self.rule()
    }

    private static func user(_ name: String) -> Principal { .user(issuer: "clinic", subject: name) }

    private func rule(_ more: [AccessRule] = [], version: Int = 1) throws {
        var policy = AccessPolicy()
        policy.roles = [
            Role(name: "reader", summary: "reads studies", permissions: [.dicomWebRead, .storesGet]),
            Role(name: "hearer", summary: "hears", permissions: [.eventsRead]),
            Role(name: "auditor", summary: "reads the audit", permissions: [.auditRead]),
            Role(name: "informed", summary: "hears of patients", permissions: [.dicomWebRead, .eventsDemographics]),
        ]
        policy.rules =
            [
                AccessRule(id: "ann", .allow, Self.user("ann"), role: "reader", on: .allStores),
                AccessRule(id: "ann-hears", .allow, Self.user("ann"), role: "hearer", on: .allStores),
                AccessRule(id: "eve", .allow, Self.user("eve"), role: "auditor", on: .allStores),
                AccessRule(id: "eve-hears", .allow, Self.user("eve"), role: "hearer", on: .allStores),
            ] + more
        self.gateway.parts.authorizer.install(try CompiledPolicy(policy, version: version))
    }

    private func look(_ token: String, _ path: String = Sample.studyPath) async throws -> HTTPResponse.Status {
        try await self.gateway.request(.get, path, headers: [.authorization: "Bearer \(token)"]).status
    }

    private func events(_ token: String = GatewayUnderTest.key, _ query: String = "") async throws -> [Page.Event] {
        let headers: HTTPFields = [.authorization: "Bearer \(token)"]
        let answer = try await self.gateway.request(.get, "/api/v1/events\(query)", headers: headers)
        #expect(answer.status == .ok, "\(answer.text)")
        for name in ["Smith", "MRN-1", "A-77"] { #expect(!answer.text.contains(name)) }
        return try WebhookGateway.decode(Page.self, answer).items
    }

    @Test(
        "is told once a minute for each caller and study, to those who may read the audit",
        arguments: ["ETREAT", "BTG"]
    )
    func told(purpose: String) async throws {
        try await self.hooks.store("1.2.5")
        for _ in 0..<3 {
            #expect(try await self.look("test-ann-\(purpose)") == .ok)
            try await self.watch.tell()
        }
        let heard = try await self.events("test-eve", "?type=access.emergency")
        #expect(heard.map(\.type) == ["access.emergency"])
        let event = try #require(heard.first)
        #expect(event.data.principal == "user:clinic/ann" && event.data.study == Sample.study)
        #expect(event.source == "/api/v1/stores/radiology" && event.subject == "studies/\(Sample.study)")
        #expect(event.data.store == "radiology" && event.data.links?["study"] == Sample.studyPath)
        // Who may read the audit and not the study hears of nothing else.
        #expect(try await self.events("test-eve").count == 1)
        let seen = try await self.events("test-ann").map(\.type)
        #expect(seen.contains("study.created") && !seen.contains("access.emergency"), "she may not read the audit")
        #expect(try await self.events().last?.type == "access.emergency")
    }

    @Test("is not told of other purposes, and not where nothing was shown")
    func untold() async throws {
        for token in ["test-ann", "test-ann-TREAT", "test-ann-etreat"] { #expect(try await self.look(token) == .ok) }
        #expect(try await self.look("test-eve-ETREAT") != .ok)
        #expect(try await self.look("test-ann-BTG", "\(Sample.studyPath)?include=nothing") != .ok)
        #expect(try await self.look("test-ann-BTG", "/api/v1/studies") == .ok)
        try await self.watch.tell()
        #expect(try await self.events(GatewayUnderTest.key, "?type=access.emergency").isEmpty)
        #expect(try await self.look("test-ann-BTG") == .ok)
        try await self.watch.tell()
        #expect(try await self.events(GatewayUnderTest.key, "?type=access.emergency").count == 1)
    }

    @Test("is told of what was written down before a kill, and of what is written down while it listens")
    func listening() async throws {
        #expect(try await self.look("test-ann-ETREAT") == .ok)
        let feed = ChangeFeed(self.hooks.catalog)
        let reader = feed.reader()
        let watch = self.watch
        func tells(_ count: Int) async throws {
            while try await feed.events(after: nil, limit: 10).events.filter({ $0.type == .accessEmergency }).count
                < count
            {
                try await reader.wait(atMost: .seconds(1))
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run(logger: GatewayUnderTest.quiet) }
            try await tells(1)
            #expect(try await self.look("test-ann-ETREAT", "/api/v1/stores/radiology/studies/1.2.9") == .ok)
            try await tells(2)
            group.cancelAll()
        }
        #expect(try await self.events("test-eve").map(\.data.study) == [Sample.study, "1.2.9"])
    }

    @Test("goes to endpoints that may read the audit, with names alone, and is no look of theirs")
    func endpoints() async throws {
        let filter = #","types":["access.emergency","study.removed"],"modalities":[],"dataPolicy":"demographics""#
        let auditor = try await self.hooks.active(filter)
        let reader = try await self.hooks.active(filter)
        func rules(_ auditors: [String], version: Int) throws {
            let all = [("one", auditor), ("two", reader)].map { id, endpoint in
                AccessRule(id: id, .allow, .client(id: endpoint), role: "informed", on: .allStores)
            }
            let some = auditors.map { AccessRule(id: "a", .allow, .client(id: $0), role: "auditor", on: .allStores) }
            try self.rule(all + some, version: version)
        }
        try rules([auditor], version: 2)
        try await self.hooks.deliver()
        #expect(try await self.look("test-ann-ETREAT") == .ok)
        try await self.watch.tell()
        try await self.hooks.deliver()
        let text = self.hooks.receiver.messages.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(text.count == 1)
        #expect(text.allSatisfy { $0.contains(#""principal":"user:clinic/ann""#) && $0.contains("access.emergency") })
        #expect(!text.contains { $0.contains("MRN-1") || $0.contains("Smith") || $0.contains("A-77") })
        let looks = try await self.gateway.request(.get, "/api/v1/audit?caller=client:\(auditor)")
        #expect(looks.text.contains(#""items":[]"#))
        // What was taken away meanwhile is not sent; and the study, of which it knows nothing, has not left its view.
        #expect(try await self.look("test-ann-ETREAT", "/api/v1/stores/radiology/studies/1.2.9") == .ok)
        try await self.watch.tell()
        while try await self.hooks.engine.fanOut() > 0 {}
        try self.rule(version: 3)
        try await self.hooks.deliver()
        #expect(self.hooks.receiver.messages.count == 1)
    }

    @Test("does not have a stream tell those who may not see the study that it has left their view")
    func stream() async throws {
        #expect(try await self.look("test-ann-ETREAT") == .ok)
        try await self.watch.tell()
        let feed = ChangeFeed(self.hooks.catalog)
        let filter = EventFilter(
            types: [],
            stores: nil,
            visibility: EventVisibility(authorizer: self.gateway.parts.authorizer, gate: self.gateway.parts.gate),
            caller: Caller(verified: Self.user("eve"), method: .oidcToken)
        )
        var shown = ShownStudies(filter.visibility)
        for event in try await feed.events(after: nil, limit: 10).events {
            if let form = try await filter.form(of: event) { shown.note(form) }
        }
        try self.rule(version: 2)
        let end = try await feed.end()
        try await shown.review(filter, feed, readTo: end)
        #expect(try await feed.end() == end)
    }
}
