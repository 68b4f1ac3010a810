import AccessControl
import Catalog
import CollimatorCore
import Cryptography
import DICOMweb
import Foundation
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Webhooks

/// A feed, an engine and a receiver, with a clock that stands still until it is moved: days pass in no time.
struct Rig: Sendable {
    let catalog: CatalogStore
    let feed: ChangeFeed
    let webhooks: WebhookStore
    let engine: WebhookEngine
    let receiver: ScriptedReceiver
    let clock: MovedClock
    let forbidden: ForbiddenStudies
    let radiology: StoreName
    let folder: String

    static func run(_ body: (Rig) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        let catalogFile = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db"))
        let file = try Database.open(DatabaseConfiguration(path: "\(folder.path)/webhooks.db"))
        let clock = MovedClock()
        let wall = WallClock { clock.now }
        let catalog = CatalogStore(database: catalogFile, clock: wall)
        try await catalog.prepare()
        let secret = [UInt8](repeating: 7, count: 32)
        let webhooks = WebhookStore(database: file, seal: DeterministicSeal(secret: secret, purpose: "webhooks"))
        try await webhooks.prepare()
        let receiver = ScriptedReceiver(clock)
        let forbidden = ForbiddenStudies()
        let engine = WebhookEngine(
            store: webhooks,
            feed: ChangeFeed(catalog),
            sender: receiver.sender,
            addresses: AddressPolicy(),
            clock: wall,
            decisions: WebhookEngine.Decisions(
                version: { forbidden.version },
                note: { question, _, _ in try forbidden.note(question.subject.study?.rawValue) }
            ) { question in
                guard !forbidden.contains(question.subject.study?.rawValue), forbidden.isAskedFor(question) else {
                    return nil
                }
                return EndpointPermit(forbidden.most)
            },
            random: { 0.5 }
        )
        try await engine.fanOut()
        try await body(
            Rig(
                catalog: catalog,
                feed: ChangeFeed(catalog),
                webhooks: webhooks,
                engine: engine,
                receiver: receiver,
                clock: clock,
                forbidden: forbidden,
                radiology: try #require(StoreName("radiology")),
                folder: folder.path
            )
        )
        try await file.close()
        try await catalogFile.close()
        withExtendedLifetime(folder) {}
    }

    /// An endpoint whose owner has answered the challenge.
    func endpoint(
        _ url: String,
        _ filter: WebhookFilter = WebhookFilter()
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        try await self.endpoint(url) { $0.filter = filter }
    }

    /// One with other settings.
    func endpoint(
        _ url: String,
        _ change: (inout WebhookSettings) -> Void
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        let made = try await self.unproved(url, change)
        try await self.prove(made.endpoint)
        return (try await self.webhooks.endpoint(made.endpoint.id), made.secret)
    }

    /// One whose owner has been asked nothing yet.
    func unproved(
        _ url: String,
        _ change: (inout WebhookSettings) -> Void = { _ in }
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        var settings = WebhookSettings(url: url, name: "a receiver")
        change(&settings)
        return try await self.engine.create(settings)
    }

    func prove(_ endpoint: WebhookEndpoint) async throws {
        self.receiver.echoes()
        try await self.engine.prove(endpoint.id)
        self.receiver.answers { _ in .answered(status: 200) }
    }

    /// A study that was stored: one event, and one more where it has a series.
    func store(_ uid: String, modality: String?) async throws {
        var attributes = DataSet()
        attributes.set(.accessionNumber, "A-1")
        let study = try #require(StudyUID(uid))
        var series: [SeriesEntry] = []
        if let modality {
            var one = DataSet()
            one.set(.modality, modality)
            series = [SeriesEntry(series: try #require(SeriesUID("\(uid).1")), attributes: one, instanceCount: 1)]
        }
        let entry = StudyEntry(study: study, attributes: attributes, series: series)
        try await self.catalog.put([entry], in: self.radiology, origin: .written)
    }

    /// Takes what is new in the feed, and looks at every view.
    func takeAll() async throws {
        repeat {
            while try await self.engine.fanOut() > 0 {}
            while try await self.engine.review() {}
        } while try await self.engine.fanOut() > 0
    }

    /// Lets time pass until nothing is left to do.
    func settle() async throws {
        for _ in 0..<1_000 {
            try await self.takeAll()
            if try await self.engine.work() > 0 { continue }
            guard let due = try await self.webhooks.nextDue() else { return }
            self.clock.pass(max(0.001, Double(due - self.engine.milliseconds) / 1_000))
        }
        Issue.record("there is always something left to do")
    }

    /// Another engine of the same deliveries, with a sender of its own.
    func engine(
        _ limits: WebhookLimits,
        send: @escaping @Sendable (WebhookMessage) async -> WebhookAnswer
    ) -> WebhookEngine {
        WebhookEngine(
            store: self.webhooks,
            feed: self.feed,
            sender: WebhookSender(send: send),
            addresses: AddressPolicy(),
            clock: self.engine.clock,
            decisions: self.engine.decisions,
            limits: limits
        )
    }

    func claim() async throws -> [ClaimedDelivery] {
        try await self.webhooks.claim(now: self.engine.milliseconds, limit: 256, perEndpoint: 8, lease: .seconds(30))
    }

    func finish(_ claimed: ClaimedDelivery, _ answer: WebhookAnswer) async throws {
        let now = self.engine.milliseconds
        let outcome = AttemptOutcome(startedAt: now, endedAt: now, answer: answer)
        try await self.webhooks.finish(claimed, outcome, limits: WebhookLimits(), random: 0.5)
    }

    func forbid(_ study: String) { self.forbidden.add(study) }

    /// Everything of the database that is on the disk.
    func fileBytes() throws -> Data {
        try ["", "-wal"].reduce(into: Data()) { bytes, suffix in
            bytes += try Data(contentsOf: URL(filePath: "\(self.folder)/webhooks.db\(suffix)"))
        }
    }
}

/// A clock that stands still until it is moved.
final class MovedClock: Sendable {
    private let seconds = Mutex(1_790_000_000.0)

    var now: Date { Date(timeIntervalSince1970: self.seconds.withLock { $0 }) }

    func pass(_ seconds: Double) { self.seconds.withLock { $0 += seconds } }
}

/// Studies that nobody may have any more.
final class ForbiddenStudies: Sendable {
    private let studies = Mutex<Set<String>>([])
    private let level = Mutex(EventDataPolicy.demographics)
    private let number = Mutex(1)
    private let facts = Mutex<[String: AccessFacts]>([:])
    private let noted = Mutex<[String?]>([])

    /// What is known of a study from now on.
    func describe(_ study: String, _ facts: AccessFacts) { self.facts.withLock { $0[study] = facts } }
    func isAskedFor(_ question: EndpointQuestion) -> Bool {
        let facts = question.subject.study.flatMap { study in self.facts.withLock { $0[study.rawValue] } }
        return question.condition?.holds(for: facts) ?? true
    }

    /// The studies that were written down as told, in their order.
    var notes: [String?] { self.noted.withLock { $0 } }
    func note(_ study: String?) throws {
        guard !self.failsNotes.withLock(\.self) else {
            throw CollimatorError(.unavailable, "nothing can be written down")
        }
        self.noted.withLock { $0.append(study) }
    }
    func failNotes(_ fails: Bool) { self.failsNotes.withLock { $0 = fails } }
    private let failsNotes = Mutex(false)

    /// The most that is said to anybody.
    var most: EventDataPolicy { self.level.withLock { $0 } }
    func limit(to policy: EventDataPolicy) { self.level.withLock { $0 = policy } }
    func add(_ study: String) { self.studies.withLock { _ = $0.insert(study) } }
    func remove(_ study: String) { self.studies.withLock { _ = $0.remove(study) } }
    /// That of the rules.
    var version: Int { self.number.withLock { $0 } }
    func noteRules() { self.number.withLock { $0 += 1 } }
    func contains(_ study: String?) -> Bool { self.studies.withLock { set in study.map(set.contains) ?? false } }
}

/// A receiver that answers as it is told, and keeps what it got but challenges that it echoed.
final class ScriptedReceiver: Sendable {
    struct Call: Sendable {
        let message: WebhookMessage
        /// Seconds since 1970.
        let at: Double
    }

    private struct State {
        var calls: [Call] = []
        var isEchoing = false
        var answer: @Sendable (Int) -> WebhookAnswer = { _ in .answered(status: 200) }
    }

    private let state = Mutex(State())
    private let clock: MovedClock

    init(_ clock: MovedClock) { self.clock = clock }

    var calls: [Call] { self.state.withLock { $0.calls } }
    var messages: [WebhookMessage] { self.calls.map(\.message) }

    func echoes() { self.state.withLock { $0.isEchoing = true } }

    /// From here on each call is answered so; the number counts from 1.
    func answers(_ answer: @escaping @Sendable (Int) -> WebhookAnswer) {
        self.state.withLock { state in
            state.isEchoing = false
            state.answer = answer
        }
    }

    /// What a receiver gives back.
    private static func challenge(in body: [UInt8]) -> [UInt8] {
        Array((StrictJSON(parsing: body)?["challenge"]?.text ?? "").utf8)
    }

    var sender: WebhookSender {
        let summary = CertificateSummary(digest: String(repeating: "a", count: 64), endsAt: 1_800_000_000_000)
        return WebhookSender(summary: { $0.chain == "good" ? summary : nil }) { message in
            self.state.withLock { state in
                guard !state.isEchoing else { return .answered(status: 200, body: Self.challenge(in: message.body)) }
                state.calls.append(Call(message: message, at: self.clock.now.timeIntervalSince1970))
                return state.answer(state.calls.count)
            }
        }
    }
}
