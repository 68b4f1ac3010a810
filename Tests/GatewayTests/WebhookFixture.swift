import AccessControl
import Audit
import Catalog
import CollimatorCore
import Cryptography
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Gateway
@testable import Webhooks

/// A gateway with webhooks whose calls go to a receiver in memory.
struct WebhookGateway: Sendable {
    static let root = "/api/v1/webhooks"

    let gateway: GatewayUnderTest
    let engine: WebhookEngine
    let receiver: Receiver
    /// What the engine takes for the time.
    let time: ClockedByHand
    let catalog: CatalogStore

    /// What is called: it answers challenges, and everything else with the status it is told.
    final class Receiver: Sendable {
        private let state = Mutex((messages: [WebhookMessage](), status: 200, answersChallenges: true))

        var messages: [WebhookMessage] { self.state.withLock { $0.messages } }
        func answer(_ status: Int) { self.state.withLock { $0.status = status } }
        func refuseChallenges() { self.state.withLock { $0.answersChallenges = false } }

        var sender: WebhookSender {
            let summary = CertificateSummary(digest: String(repeating: "a", count: 64), endsAt: 1_800_000_000_000)
            return WebhookSender(summary: { $0.chain == "good" ? summary : nil }) { message in
                self.state.withLock { state in
                    let challenge = StrictJSON(parsing: message.body)?["challenge"]?.text
                    guard let challenge else {
                        state.messages.append(message)
                        return .answered(status: state.status)
                    }
                    return .answered(status: 200, body: Array((state.answersChallenges ? challenge : "no").utf8))
                }
            }
        }
    }

    init(audit: AuditLog? = nil) async throws {
        let catalog = try TemporaryCatalog.store()
        try await catalog.prepare()
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/webhooks.db", readerCount: 1))
        let store = WebhookStore(
            database: database,
            seal: DeterministicSeal(secret: [UInt8](repeating: 7, count: 32), purpose: "webhooks")
        )
        try await store.prepare()
        var gateway = try await GatewayUnderTest(ScriptedUpstream(search: { _ in [] })).knowingCallers()
        gateway.parts.catalog = StudyCatalog(catalog)
        gateway.parts.audit = audit
        let receiver = Receiver()
        let time = ClockedByHand(1_790_000_000)
        var limits = WebhookLimits()
        limits.challengeInterval = .zero
        let engine = WebhookEngine(
            store: store,
            feed: ChangeFeed(catalog),
            sender: receiver.sender,
            addresses: AddressPolicy(),
            // The clock holds the folder as long as the engine lives.
            clock: WallClock { withExtendedLifetime(folder) { Date(timeIntervalSince1970: time.seconds) } },
            decisions: gateway.parts.webhookDecisions,
            limits: limits,
            random: { 0.5 }
        )
        try await engine.fanOut()
        gateway.parts.webhooks = engine
        (self.gateway, self.engine, self.receiver, self.catalog) = (gateway, engine, receiver, catalog)
        self.time = time
    }

    func send(
        _ method: HTTPRequest.Method,
        _ path: String = "",
        _ json: String? = nil,
        key: String = GatewayUnderTest.key
    ) async throws -> TestResponse {
        var headers: HTTPFields = [.authorization: "Bearer \(key)"]
        if json != nil { headers[.contentType] = "application/json" }
        let body = json.map { ByteBuffer(string: $0) }
        return try await self.gateway.request(method, "\(Self.root)\(path)", headers: headers, body: body)
    }

    /// An endpoint that has answered the challenge, and its id.
    func active(_ more: String = "") async throws -> String {
        let made = try await self.made(more)
        #expect(try await self.send(.post, "/\(made.id)/challenges").status == .ok)
        return made.id
    }

    func made(_ more: String = "") async throws -> WebhookText {
        let answer = try await self.send(.post, "", #"{"name":"A","url":"https://a.example/hook"\#(more)}"#)
        #expect(answer.status == .created, "\(answer.text)")
        return try Self.decode(WebhookText.self, answer)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ answer: TestResponse) throws -> Value {
        try JSONDecoder().decode(type, from: Data(answer.body.readableBytesView))
    }

    /// The policy from now on; a role `receiver` reads studies, and `informed` their patients in events, too.
    func rule(_ rules: [AccessRule], version: Int) throws {
        var policy = AccessPolicy()
        policy.roles = [
            Role(name: "receiver", summary: "hears", permissions: [.dicomWebRead]),
            Role(name: "informed", summary: "hears more", permissions: [.dicomWebRead, .eventsDemographics]),
        ]
        policy.rules = rules
        self.gateway.parts.authorizer.install(try CompiledPolicy(policy, version: version))
    }

    /// A study that comes into the store, as one event.
    func store(_ uid: String, patient: String = "MRN-1") async throws {
        var study = Sample.study(uid: uid)
        study.set(.patientID, patient)
        study.set(.issuerOfPatientID, "H")
        let name = try #require(StoreName("radiology"))
        try await self.catalog.put([try StudyEntry(study)], in: name, origin: .written)
    }

    /// Delivers what is due.
    func deliver() async throws {
        repeat {
            while try await self.engine.fanOut() > 0 {}
            while try await self.engine.review() {}
        } while try await self.engine.fanOut() > 0
        while try await self.engine.work() > 0 {}
    }
}

/// An endpoint as a client reads it.
struct WebhookText: Decodable {
    let id: String
    let url: String
    let principal: String
    let state: String
    let types: [String]
    let dataPolicy: String
    let callsPerMinute: Int?
    let ordered: Bool
    let secret: String?
    let previousSecretEndsAt: String?
}
