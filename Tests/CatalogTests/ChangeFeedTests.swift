import CollimatorCore
import DICOMweb
import Foundation
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite("The change feed")
struct ChangeFeedTests {
    @Test("tells of what is created, changed, extended and deleted, in order, and of nothing else")
    func order() async throws {
        try await Fed.run { fed in
            let one = try StudyEntry.made("1.2.3", [(.accessionNumber, "A-1")], modalities: ["CT"])
            try await fed.put(one)
            try await fed.put(one)
            try await fed.put(try StudyEntry.made("1.2.3", [(.accessionNumber, "A-2")], modalities: ["CT", "SR"]))
            try await fed.catalog.remove(one.study, from: fed.store, origin: .written)
            try await fed.catalog.remove(one.study, from: fed.store, origin: .written)

            let events = try await fed.events()

            #expect(
                events.map(\.type) == [
                    .seriesStored, .studyCreated, .seriesStored, .studyUpdated, .studyDeleted,
                ]
            )
            #expect(events.map(\.sequence) == [1, 2, 3, 4, 5])
            #expect(events[3].changed == [.attributes, .instances, .series])
            #expect(events[4].attributes.string(.accessionNumber) == "A-2", "a deleted study leaves what rules ask for")
            #expect(events[4].attributes.strings(.modalitiesInStudy) == ["CT", "SR"])
        }
    }

    @Test("a change that is not committed leaves no event, and no gap")
    func transaction() async throws {
        try await Fed.run { fed in
            let entry = try StudyEntry.made("1.2.3", modalities: ["CT"])
            await #expect(throws: Fed.Broken.self) {
                try await fed.database.write { connection in
                    let store = try CatalogStore.makeStore(fed.store, on: connection)
                    var writing = fed.catalog.writing(store, now: 1, sweep: 0, connection)
                    writing.feed = fed.catalog.feed(of: fed.store, .written, now: 1, on: connection)
                    _ = try writing.put(entry)
                    throw Fed.Broken()
                }
            }
            #expect(try await fed.events().isEmpty)
            try await fed.put(entry)
            #expect(try await fed.events().map(\.sequence) == [1, 2])
        }
    }

    @Test("a count that is filled in is no news; another count is")
    func counts() async throws {
        try await Fed.run { fed in
            var entry = try StudyEntry.made("1.2.3", modalities: ["CT"])
            entry.series?[0].instanceCount = nil
            try await fed.put(entry)
            entry.series?[0].instanceCount = 5
            try await fed.put(entry)
            let filled = try await fed.events().count
            entry.series?[0].instanceCount = 6
            try await fed.put(entry)
            entry.series?[0].instanceCount = 4
            try await fed.put(entry)
            let events = try await fed.events()
            #expect(filled == 2)
            #expect(events.dropFirst(2).map(\.type) == [.seriesStored, .studyUpdated, .studyUpdated])
            #expect(events.last?.instanceCount == 4)
        }
    }

    @Test("a study comes to rest once after any number of changes, and again with a higher revision")
    func stable() async throws {
        try await Fed.run { fed in
            for index in 1...20 {
                try await fed.put(try StudyEntry.made("1.2.3", [(.studyID, "\(index)")], modalities: ["CT"]))
                fed.clock.pass(2)
                try await fed.feed.tellRested()
            }
            #expect(try await fed.count(.studyStable) == 0)
            fed.clock.pass(59)
            try await fed.feed.tellRested()
            #expect(try await fed.count(.studyStable) == 1)
            fed.clock.pass(1_000)
            try await fed.feed.tellRested()
            #expect(try await fed.count(.studyStable) == 1, "what rests is told once")
            try await fed.put(try StudyEntry.made("1.2.3", [(.studyID, "x")], modalities: ["CT"]))
            fed.clock.pass(61)
            try await fed.feed.tellRested()
            let stable = try await fed.events().filter { $0.type == .studyStable }
            #expect(stable.map(\.revision) == [1, 2])
            #expect(stable.map(\.changed) == [[.attributes, .instances, .series], [.attributes]])
            #expect(stable.map(\.instanceCount) == [1, 1])
        }
    }

    @Test("a study that never rests is told after the longest time")
    func cap() async throws {
        try await Fed.run { fed in
            for index in 1...40 {
                try await fed.put(try StudyEntry.made("1.2.3", [(.studyID, "\(index)")]))
                fed.clock.pass(50)
                try await fed.feed.tellRested()
            }
            #expect(try await fed.count(.studyStable) == 1)
        }
    }

    @Test("a study that is deleted before it rests is not told to rest")
    func deletedBeforeRest() async throws {
        try await Fed.run { fed in
            let entry = try StudyEntry.made("1.2.3")
            try await fed.put(entry)
            try await fed.catalog.remove(entry.study, from: fed.store, origin: .noticed)
            fed.clock.pass(10_000)
            try await fed.feed.tellRested()
            #expect(try await fed.count(.studyStable) == 0)
        }
    }

    @Test("pages lead through everything once, and a place before what is kept is gone")
    func retention() async throws {
        try await Fed.run { fed in
            for index in 1...30 { try await fed.put(try StudyEntry.made("1.2.\(index)")) }
            let first = try await fed.feed.events(after: nil, limit: 10)
            let second = try await fed.feed.events(after: first.next, limit: 100)
            #expect((first.events + second.events).map(\.sequence) == Array(1...30))
            let last = try await fed.feed.events(after: second.next, limit: 10)
            #expect(last.events.isEmpty && last.next == second.next)

            fed.clock.pass(8 * 24 * 60 * 60)
            try await fed.put(try StudyEntry.made("1.2.99"))
            while try await fed.feed.dropOld() > 0 {}
            #expect(try await fed.events().map(\.sequence) == [31])
            try await Self.expectGone(fed, first.next)
            #expect(try await fed.feed.events(after: second.next, limit: 10).events.count == 1)
            try await Self.expectGone(fed, ChangeFeed.Position(beginning: first.next.beginning, sequence: 32))
            try await Self.expectGone(fed, ChangeFeed.Position(beginning: 1, sequence: 30))
        }
    }

    @Test("the first walk and a rebuild are silent; a later walk says that it found something")
    func silence() async throws {
        try await Fed.run { fed in
            let store = PretendStore()
            store.set(try (1...20).map { try StudyEntry.made("1.2.\($0)", modalities: ["CT"]) })
            let synchronizer = try await StoreSynchronizer(
                store: fed.store,
                upstream: store.upstream,
                catalog: fed.catalog
            )
            try await synchronizer.sweep()
            #expect(try await fed.events().isEmpty)
            store.set([try StudyEntry.made("1.2.99", modalities: ["MR"])])
            store.remove(try #require(StudyUID("1.2.1")))
            try await synchronizer.sweep()
            let found = try await fed.events()
            #expect(Set(found.map(\.type)) == [.studyCreated, .seriesStored, .studyUpdated, .studyDeleted])
            #expect(found.allSatisfy { $0.origin == .reconciled })
            #expect(Set(found.compactMap(\.study?.rawValue)) == ["1.2.99", "1.2.1"])
            try await synchronizer.rebuild()
            try await synchronizer.sweep()
            #expect(try await fed.events().count == found.count)
        }
    }

    @Test("a reader is woken by what is written")
    func wakes() async throws {
        try await Fed.run { fed in
            let reader = fed.feed.reader()
            try await fed.put(try StudyEntry.made("1.2.3"))
            let clock = ContinuousClock()
            let before = clock.now
            try await reader.wait(atMost: .seconds(60))
            #expect(clock.now - before < .seconds(30))
        }
    }

    @Test("an event says no more than its policy")
    func policies() async throws {
        try await Fed.run { fed in
            let entry = try StudyEntry.made(
                "1.2.3",
                [(.accessionNumber, "A-77"), (.patientName, "Smith^John"), (.patientID, "MRN-1")],
                modalities: ["CT"]
            )
            try await fed.put(entry)
            let event = try #require(try await fed.events().last)
            let texts = try EventDataPolicy.allCases.map {
                String(decoding: try event.cloudEvent($0, beginning: 36), as: UTF8.self)
            }
            #expect(texts.map { $0.contains("A-77") } == [false, true, true])
            #expect(texts.map { $0.contains("MRN-1") || $0.contains("Smith") } == [false, false, true])
            #expect(texts[0].contains(#""id":"evt_10_2""#))
            #expect(texts[0].contains(#""time":"2026-09-21T14:13:20.000Z""#))
        }
    }

    private static func expectGone(_ fed: Fed, _ position: ChangeFeed.Position) async throws {
        let error = await #expect(throws: CollimatorError.self) {
            try await fed.feed.events(after: position, limit: 1)
        }
        #expect(error?.code == .gone)
    }
}

/// A catalog with a clock that tests move.
struct Fed: Sendable {
    struct Broken: Error {}

    let catalog: CatalogStore
    let database: Database
    let clock: MovedClock
    let store: StoreName

    var feed: ChangeFeed { ChangeFeed(self.catalog) }

    static func run(_ body: (Fed) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db"))
        let clock = MovedClock()
        let catalog = CatalogStore(database: database, clock: WallClock { clock.now })
        try await catalog.prepare()
        try await body(
            Fed(catalog: catalog, database: database, clock: clock, store: try #require(StoreName("radiology")))
        )
        try await database.close()
        withExtendedLifetime(folder) {}
    }

    func put(_ entry: StudyEntry) async throws {
        try await self.catalog.put([entry], in: self.store, origin: .written)
    }

    func events() async throws -> [ChangeEvent] { try await self.feed.events(after: nil, limit: 1_000).events }

    func count(_ type: ChangeEvent.Kind) async throws -> Int { try await self.events().count { $0.type == type } }
}

/// A clock that stands still until it is moved.
final class MovedClock: Sendable {
    private let seconds = Mutex(1_790_000_000.0)

    var now: Date { Date(timeIntervalSince1970: self.seconds.withLock { $0 }) }

    func pass(_ seconds: Double) { self.seconds.withLock { $0 += seconds } }
}
