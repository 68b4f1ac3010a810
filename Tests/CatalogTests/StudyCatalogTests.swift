import Catalog
import CollimatorCore
import DICOMweb
import Logging
import Synchronization
import TestSupport
import Testing

@Suite("What is written through us, and what is found behind our back", .timeLimit(.minutes(1)))
struct StudyCatalogTests {
    @Test("two thousand slices of one study cost two refreshes, and the very next search has them all")
    func slices() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            for count in 1...2_000 {
                kept.store.set([try Kept.study("1.2.1", instances: count)])
                try await kept.catalog.changed(study, in: kept.name)
            }
            let page = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))

            #expect(page.studies.map(\.instanceCount) == [2_000])
            #expect(kept.calls(of: study) == 2)
            _ = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))
            #expect(kept.calls(of: study) == 2)
        }
    }

    @Test("a study that is written again after the time of gathering is asked for before the upload is answered")
    func later() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            kept.store.set([try Kept.study("1.2.1", instances: 1)])
            try await kept.catalog.changed(study, in: kept.name)
            kept.clock.advance(by: .seconds(3))
            try await kept.catalog.changed(study, in: kept.name)

            #expect(kept.calls(of: study) == 2)
        }
    }

    @Test("a refresh that fails is told, and the search that comes next asks again once the time has come")
    func failing() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            kept.store.set([try Kept.study("1.2.1", instances: 1)])
            kept.store.contents.withLock { $0.failure = DICOMwebError.transport }
            await #expect(throws: DICOMwebError.transport) { try await kept.catalog.changed(study, in: kept.name) }
            kept.store.contents.withLock { $0.failure = nil }
            let early = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))
            kept.clock.advance(by: .seconds(2))
            let late = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))

            #expect(early.studies.isEmpty)
            #expect(late.studies.map(\.study) == [study])
        }
    }

    @Test("a store that asks to be left alone is not asked until the time is over, and nobody waits for it")
    func throttled() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            let throttled = DICOMwebError.throttled(retryAfter: .seconds(20))
            kept.store.contents.withLock { $0.failure = throttled }
            await #expect(throws: throttled) { try await kept.catalog.changed(study, in: kept.name) }
            let calls = kept.store.contents.withLock { $0.calls }
            kept.clock.advance(by: .seconds(19))
            let refusal = await #expect(throws: CollimatorError.self) {
                try await kept.catalog.changed(study, in: kept.name)
            }
            #expect(refusal?.code == .unavailable)
            #expect(kept.store.contents.withLock { $0.calls } == calls)
            kept.store.contents.withLock { $0.failure = nil }
            kept.store.set([try Kept.study("1.2.1", instances: 1)])
            kept.clock.advance(by: .seconds(2))

            try await kept.catalog.changed(study, in: kept.name)

            #expect(kept.calls(of: study) == 1)
        }
    }

    @Test("a store is asked again after five minutes, whatever time it asked for")
    func throttledForYears() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            let throttled = DICOMwebError.throttled(retryAfter: .seconds(999_999_999))
            kept.store.contents.withLock { $0.failure = throttled }
            await #expect(throws: throttled) { try await kept.catalog.changed(study, in: kept.name) }
            kept.store.contents.withLock { $0.failure = nil }
            kept.store.set([try Kept.study("1.2.1", instances: 1)])
            kept.clock.advance(by: .seconds(299))
            await #expect(throws: CollimatorError.self) { try await kept.catalog.changed(study, in: kept.name) }
            kept.clock.advance(by: .seconds(2))

            try await kept.catalog.changed(study, in: kept.name)

            #expect(kept.calls(of: study) == 1)
        }
    }

    @Test("a deletion that the store does later leaves the lists as soon as it is done")
    func deletion() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            kept.store.set([try Kept.study("1.2.1", instances: 1)])
            try await kept.catalog.synchronize(kept.name)
            try await kept.catalog.deleted(study, in: kept.name)
            let before = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))
            kept.store.remove(study)
            let after = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))
            let calls = kept.calls(of: study)
            _ = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))

            #expect(before.studies.count == 1)
            #expect(after.studies.isEmpty)
            #expect(kept.calls(of: study) == calls, "what has gone is not asked for again")
        }
    }

    @Test("the first walk and a rebuild tell nobody; what a later walk finds is marked as reconciled")
    func origins() async throws {
        try await Kept.run { kept in
            kept.store.set([try Kept.study("1.2.1", instances: 1), try Kept.study("1.2.2", instances: 1)])
            try await kept.catalog.synchronize(kept.name)
            #expect(kept.notices.isEmpty)

            kept.store.remove(try #require(StudyUID("1.2.1")))
            kept.store.set([
                try Kept.study("1.2.2", instances: 1, name: "Other"), try Kept.study("1.2.3", instances: 1),
            ])
            try await kept.catalog.synchronize(kept.name)
            let found = Set(kept.notices.map { "\($0.kind) \($0.study) \($0.origin)" })
            #expect(found == ["deleted 1.2.1 reconciled", "updated 1.2.2 reconciled", "created 1.2.3 reconciled"])

            let count = kept.notices.count
            try await kept.catalog.rebuild(kept.name)
            let meanwhile = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))
            let isComplete = await kept.catalog.status(of: kept.name)?.isComplete
            #expect(meanwhile.studies.count == 2, "what is known stays until the walk has come to it")
            #expect(isComplete == false)
            try await kept.catalog.synchronize(kept.name)
            let again = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))
            #expect(again.studies.count == 2)
            #expect(kept.notices.count == count)
        }
    }

    @Test("what is written through us is marked so")
    func written() async throws {
        try await Kept.run { kept in
            kept.store.set([try Kept.study("1.2.1", instances: 1)])
            let study = try #require(StudyUID("1.2.1"))
            try await kept.catalog.changed(study, in: kept.name)

            #expect(kept.notices.map(\.origin) == [.written])
            #expect(kept.notices.map(\.kind) == [.created])
        }
    }

    @Test("a walk over the lists keeps what only the instances say")
    func instanceLevel() async throws {
        try await Kept.run { kept in
            var entry = try Kept.study("1.2.1", instances: 2)
            kept.store.set([entry])
            try await kept.catalog.synchronize(kept.name)
            entry.attributes.set(.issuerOfPatientID, "HOSP")
            entry.variants = [try StudyEntry.made("1.2.1", [(.patientName, "Variant^Ann")]).attributes]
            kept.store.set([entry])
            try await kept.catalog.changed(entry.study, in: kept.name)
            entry.attributes.remove(.issuerOfPatientID)
            entry.variants = []
            kept.store.set([entry])

            try await kept.catalog.synchronize(kept.name)

            let byVariant = StudyQuery(stores: [kept.name], conditions: [.words(.patientName, ["vari"])], limit: 10)
            let found = try await kept.catalog.search(byVariant).studies
            #expect(found.map { $0.attributes.string(.issuerOfPatientID) } == ["HOSP"])
            #expect(found.map(\.instanceCount) == [2])
        }
    }

    @Test("a search answers in time when the store does not")
    func slowStore() async throws {
        try await Kept.run { kept in
            kept.isSlow.withLock { $0 = true }
            let study = try #require(StudyUID("1.2.1"))
            kept.store.set([try Kept.study("1.2.1", instances: 1)])
            // The wait for the upload's answer is over at once on this clock, and so is that of the search.
            try await kept.catalog.changed(study, in: kept.name)
            let page = try await kept.catalog.search(StudyQuery(stores: [kept.name], limit: 10))
            #expect(page.studies.isEmpty)
            kept.isSlow.withLock { $0 = false }
        }
    }

    @Test(
        "instances that came behind our back into a study that the lists show as before are counted with the next sweep"
    )
    func recount() async throws {
        try await Kept.run { kept in
            let total = SharedCount()
            var upstream = kept.store.upstream
            upstream.instanceCount = { total.value }
            try await kept.catalog.add(kept.name, upstream: upstream)
            kept.store.set(try (1...5).map { try Kept.study("1.2.\($0)", instances: 2) })
            total.set(10)
            let running = Task { await kept.catalog.run(logger: Kept.quiet) }
            try await eventually { try await kept.counts(in: kept.name) == [2, 2, 2, 2, 2] }
            kept.store.set([try Kept.study("1.2.3", instances: 7)])
            total.set(15)
            try await kept.catalog.synchronize(kept.name)
            try await eventually { try await kept.counts(in: kept.name) == [2, 2, 2, 2, 7] }
            running.cancel()
            await running.value
        }
    }

    @Test("ten thousand studies are paged to the end, each once, in order, while others arrive")
    func manyRows() async throws {
        let store = PretendStore(pageSize: 2_000, offsetMax: 100_000)
        let name = try #require(StoreName("radiology"))
        store.set(
            try (1...10_050).map { index in
                let day =
                    "2026\(index % 12 < 9 ? "0" : "")\(index % 12 + 1)\(index % 28 < 9 ? "0" : "")\(index % 28 + 1)"
                return try StudyEntry.made("1.2.\(index)", [(.studyDate, day)])
            }
        )
        try await withCatalog { catalogStore, _ in
            let catalog = StudyCatalog(catalogStore)
            try await catalog.add(name, upstream: store.upstream)
            try await catalog.synchronize(name)
            var query = StudyQuery(stores: [name], limit: 200)
            var found: [CatalogStudy] = []
            repeat {
                let page = try await catalog.search(query)
                found += page.studies
                query.after = page.next
                let late = try StudyEntry.made("1.3.\(found.count)", [(.studyDate, "20270101")])
                store.set([late])
                try await catalog.changed(late.study, in: name)
            } while query.after != nil
            let moments = found.map {
                StudyMoment(date: $0.attributes.string(.studyDate), time: nil)
            }
            #expect(Set(found.map(\.study)).count == 10_050)
            #expect(found.count == 10_050)
            #expect(zip(moments, moments.dropFirst()).allSatisfy { $0 >= $1 })
        }
    }

    @Test("while it runs, studies are counted after the first walk, and stores come and go")
    func running() async throws {
        try await Kept.run { kept in
            let other = try #require(StoreName("trial"))
            kept.store.set(try (1...30).map { try Kept.study("1.2.\($0)", instances: $0) })
            let running = Task { await kept.catalog.run(logger: Kept.quiet) }
            try await eventually { try await kept.counts(in: kept.name) == Array(1...30) }
            try await kept.catalog.add(other, upstream: kept.store.upstream)
            try await eventually { try await kept.counts(in: other) == Array(1...30) }
            try await kept.catalog.forget(other)
            let left = try await kept.catalog.search(StudyQuery(stores: [other], limit: 100))
            #expect(left.studies.isEmpty)
            #expect(await kept.catalog.status(of: other) == nil)
            try await kept.catalog.rebuild(kept.name)
            try await eventually { try await kept.counts(in: kept.name) == Array(1...30) }
            running.cancel()
            await running.value
        }
    }
}

/// Waits until the condition holds; the suite's time limit is the end of patience.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}

/// A catalog that keeps one pretended store, on a clock that only moves when told.
private struct Kept {
    let name: StoreName
    let store: PretendStore
    let catalog: StudyCatalog
    let clock: HandClock
    let told: Told
    let isSlow: SharedFlag

    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    static func run(_ body: (Kept) async throws -> Void) async throws {
        let name = try #require(StoreName("radiology"))
        let store = PretendStore()
        let clock = HandClock()
        let told = Told()
        let isSlow = SharedFlag()
        var configuration = StoreSynchronizer.Configuration()
        configuration.now = { clock.now }
        configuration.sleep = { duration in
            // Short waits are real, long ones are over when the body is: nothing here is to wait for them.
            if isSlow.withLock({ $0 }) { return }
            try await Task.sleep(for: duration > .milliseconds(50) ? .seconds(30) : duration)
        }
        configuration.onChange = { told.add($0) }
        let settings = configuration
        try await withCatalog { catalogStore, _ in
            let catalog = StudyCatalog(catalogStore, configuration: settings)
            var upstream = store.upstream
            let study = upstream.study
            upstream.study = { uid in
                while isSlow.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                return try await study(uid)
            }
            try await catalog.add(name, upstream: upstream)
            try await body(
                Kept(name: name, store: store, catalog: catalog, clock: clock, told: told, isSlow: isSlow)
            )
        }
    }

    var notices: [StudyChangeNotice] { self.told.all }

    func calls(of study: StudyUID) -> Int { self.store.contents.withLock { $0.studyCalls[study] ?? 0 } }

    func counts(in store: StoreName) async throws -> [Int] {
        try await self.catalog.search(StudyQuery(stores: [store], limit: 100)).studies.compactMap(\.instanceCount)
            .sorted()
    }

    static func study(_ uid: String, instances: Int, name: String = "Doe^Jane") throws -> StudyEntry {
        var entry = try StudyEntry.made(uid, [(.patientName, name), (.studyDate, "20260105")], modalities: ["CT"])
        entry.series?[0].instanceCount = instances
        return entry
    }
}

/// A clock that stands still until it is moved.
private final class HandClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { self.time.withLock { $0 } }

    func advance(by duration: Duration) {
        self.time.withLock { $0 += duration }
    }
}

private final class Told: Sendable {
    private let notices = Mutex<[StudyChangeNotice]>([])

    var all: [StudyChangeNotice] { self.notices.withLock { $0 } }

    func add(_ notice: StudyChangeNotice) { self.notices.withLock { $0.append(notice) } }
}

private final class SharedCount: Sendable {
    private let count = Mutex(0)

    var value: Int { self.count.withLock { $0 } }

    func set(_ value: Int) { self.count.withLock { $0 = value } }
}

private final class SharedFlag: Sendable {
    private let value = Mutex(false)

    func withLock<Answer: Sendable>(_ body: (inout Bool) -> Answer) -> Answer {
        self.value.withLock { body(&$0) }
    }
}
