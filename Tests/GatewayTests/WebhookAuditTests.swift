import AccessControl
import Audit
import CollimatorCore
import Foundation
import HTTPTypes
import Persistence
import TestSupport
import Testing

@testable import Gateway
@testable import Webhooks

@Suite("Deliveries in the audit")
struct WebhookAuditTests {
    private struct Page: Decodable {
        let items: [Item]

        struct Item: Decodable {
            let caller: String
            let authenticationMethod: String
            let route: String
            let study: String?
            let patient: Patient?
            let decision: String?
            let requestId: String
            let count: Int
        }

        struct Patient: Decodable {
            let id: String
            let issuer: String?
        }
    }

    private let database: Database
    private let log: AuditLog
    private let hooks: WebhookGateway

    init() async throws {
        let folder = try TemporaryDirectory()
        let spoolPath = "\(folder.path)/spool"
        self.database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/audit.db", readerCount: 1))
        let store = AuditStore(database: self.database)
        try await store.prepare()
        var configuration = AuditConfiguration()
        configuration.spoolBytesMax = 0
        self.log = try AuditLog(
            store,
            spoolPath: spoolPath,
            configuration: configuration,
            // The clock holds the folder as long as the audit lives.
            clock: WallClock { withExtendedLifetime(folder) { Date(timeIntervalSince1970: 1_790_000_000) } },
            logger: GatewayUnderTest.quiet
        )
        self.hooks = try await WebhookGateway(audit: self.log)
    }

    private func looks(of id: String) async throws -> [Page.Item] {
        try await self.log.flush()
        let answer = try await self.hooks.gateway.request(.get, "/api/v1/audit?caller=client:\(id)")
        return try WebhookGateway.decode(Page.self, answer).items
    }

    private func allow(_ id: String) throws {
        let store = try #require(StoreName("radiology"))
        try self.hooks.rule(
            [AccessRule(id: "a", .allow, .client(id: id), role: "receiver", on: .store(store))],
            version: 1
        )
    }

    @Test("what an endpoint is told of a study is a look of its principal, and repeats are counted")
    func told() async throws {
        let id = try await self.hooks.active()
        try self.allow(id)
        try await self.hooks.store("1.2.1")
        try await self.hooks.deliver()
        try await self.hooks.store("1.2.1", patient: "MRN-2")
        try await self.hooks.store("1.2.1", patient: "MRN-3")
        try await self.hooks.deliver()
        let messages = self.hooks.receiver.messages
        #expect(messages.count == 3)
        let looks = try await self.looks(of: id)
        #expect(looks.map(\.count) == [2, 1])
        let first = try #require(looks.last)
        #expect(first.authenticationMethod == "webhook" && first.route == "webhook delivery" && first.study == "1.2.1")
        #expect(first.patient?.id == "MRN-1" && first.patient?.issuer == "H")
        #expect(first.decision == "allowed-by-rule:a@1" && first.requestId == messages[0].headers["webhook-id"])
    }

    @Test("what was withheld, and who is only challenged or tested, is no look")
    func untold() async throws {
        let id = try await self.hooks.active()
        try self.allow(id)
        _ = try await self.hooks.send(.post, "/\(id)/tests")
        try await self.hooks.store("1.2.1")
        while try await self.hooks.engine.fanOut() > 0 {}
        try self.hooks.rule([], version: 2)
        try await self.hooks.deliver()
        #expect(try await self.looks(of: id).isEmpty)
    }

    @Test("that a study has left its view is no look of the endpoint")
    func removed() async throws {
        let id = try await self.hooks.active()
        try self.allow(id)
        try await self.hooks.store("1.2.1")
        try await self.hooks.deliver()
        #expect(try await self.looks(of: id).map(\.count) == [1])
        try self.hooks.rule([], version: 2)
        try await self.hooks.deliver()
        let last = try #require(self.hooks.receiver.messages.last)
        #expect(String(decoding: last.body, as: UTF8.self).contains("study.removed"))
        #expect(try await self.looks(of: id).map(\.count) == [1])
    }

    @Test("case 46: while nothing can be written down, nothing is sent")
    func unwritable() async throws {
        let id = try await self.hooks.active()
        try self.allow(id)
        try await self.hooks.store("1.2.1")
        while try await self.hooks.engine.fanOut() > 0 {}
        try await self.database.write { connection in
            _ = try connection.execute(
                "CREATE TRIGGER refusal BEFORE INSERT ON auditRecord BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        }
        await #expect(throws: (any Error).self) { try await self.hooks.engine.work() }
        #expect(self.hooks.receiver.messages.isEmpty)
        _ = try await self.database.write { try $0.execute("DROP TRIGGER refusal") }
        // It rests, and is made without another start.
        try await self.hooks.deliver()
        #expect(self.hooks.receiver.messages.isEmpty)
        self.hooks.time.pass(TimeInterval(WebhookEngine.unmadeRest) / 1_000)
        try await self.hooks.deliver()
        #expect(self.hooks.receiver.messages.count == 1)
        #expect(try await self.looks(of: id).count == 1)
    }
}
