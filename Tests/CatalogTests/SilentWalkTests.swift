import CollimatorCore
import DICOMweb
import Foundation
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite("What arrives while a walk tells nobody")
struct SilentWalkTests {
    @Test("a study that the first walk took before its upload was noticed is told as created, once")
    func walkedFirst() async throws {
        try await Kept.run { kept in
            let synchronizer = try await kept.synchronizer()
            let study = try #require(StudyUID("1.2.1"))
            kept.afterFirstPage { try await synchronizer.changed(study) }

            try await synchronizer.sweep()

            #expect(try await kept.told() == ["series.stored 1.2.1", "study.created 1.2.1"])
            kept.store.set([try StudyEntry.made("1.2.1", [(.patientName, "Corrected^Name")], modalities: ["CT"])])
            try await synchronizer.refresh(study, origin: .written)
            #expect(try await kept.told().last == "study.updated 1.2.1")
            #expect(try await kept.told().count == 3)
        }
    }

    @Test("a study whose notice came first is told as created, once, though the page under way has it too")
    func noticedFirst() async throws {
        try await Kept.run { kept in
            let synchronizer = try await kept.synchronizer()
            let study = try #require(StudyUID("1.2.1"))
            kept.store.contents.withLock { $0.afterPage = { try await synchronizer.changed(study) } }

            try await synchronizer.sweep()
            try await synchronizer.refreshNoticed()

            #expect(try await kept.told() == ["series.stored 1.2.1", "study.created 1.2.1"])
        }
    }

    @Test("a notice that was put up during the walk counts after it; of long after it a study is told as changed")
    func late() async throws {
        try await Kept.run { kept in
            let synchronizer = try await kept.synchronizer()
            let early = try #require(StudyUID("1.2.1"))
            kept.afterFirstPage { synchronizer.note(early) }
            try await synchronizer.sweep()
            #expect(try await kept.told().isEmpty)

            try await synchronizer.refreshNoticed()

            #expect(try await kept.told() == ["series.stored 1.2.1", "study.created 1.2.1"])
            kept.pass(seconds: 61)
            let late = try #require(StudyUID("1.2.2"))
            kept.store.set([try StudyEntry.made("1.2.2", [(.patientName, "Corrected^Name")], modalities: ["CT"])])
            synchronizer.note(late)
            try await synchronizer.refreshNoticed()
            #expect(try await kept.told().dropFirst(2) == ["study.updated 1.2.2"])
        }
    }

    @Test("an event that was written down is told of after a restart too, though the walk came to its study first")
    func restarted() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            _ = try await kept.catalog.keep([StudyNote(store: kept.name, study: study)], setAside: [])
            kept.store.contents.withLock { $0.callsUntilFailure = 2 }
            let killed = try await kept.synchronizer()
            await #expect(throws: PretendStore.Broken.self) { try await killed.sweep() }
            kept.store.contents.withLock { $0.callsUntilFailure = nil }
            #expect(try await kept.catalog.study(study, in: kept.name) != nil)

            let restarted = try await kept.synchronizer()
            try await restarted.sweep()
            try await restarted.refreshNoticed()

            #expect(try await kept.told() == ["series.stored 1.2.1", "study.created 1.2.1"])
            #expect(try await kept.catalog.notices(of: kept.name, limit: 10).isEmpty)
        }
    }

    @Test("an upload whose refresh a kill cut off is told of after the restart")
    func killed() async throws {
        try await Kept.run { kept in
            let study = try #require(StudyUID("1.2.1"))
            let killed = try await kept.synchronizer()
            kept.store.contents.withLock { $0.failure = PretendStore.Broken() }
            await #expect(throws: PretendStore.Broken.self) { try await killed.changed(study) }
            kept.store.contents.withLock { $0.failure = nil }

            let restarted = try await kept.synchronizer()
            try await restarted.sweep()
            try await restarted.refreshNoticed()

            #expect(try await kept.told() == ["series.stored 1.2.1", "study.created 1.2.1"])
        }
    }

    @Test("in a rebuild what was known is told as changed, and what its walk found as created")
    func rebuilt() async throws {
        try await Kept.run { kept in
            let synchronizer = try await kept.synchronizer()
            try await synchronizer.sweep()
            kept.store.set([
                try StudyEntry.made("1.2.0", modalities: ["MR"]),
                try StudyEntry.made("1.2.1", [(.patientName, "Corrected^Name")], modalities: ["CT"]),
            ])
            let (new, known) = (try #require(StudyUID("1.2.0")), try #require(StudyUID("1.2.1")))
            try await synchronizer.rebuild()
            kept.afterFirstPage {
                try await synchronizer.changed(new)
                kept.store.set([
                    try StudyEntry.made("1.2.1", [(.patientName, "Corrected^Again")], modalities: ["CT"])
                ])
                try await synchronizer.changed(known)
            }

            try await synchronizer.sweep()

            #expect(try await kept.told() == ["series.stored 1.2.0", "study.created 1.2.0", "study.updated 1.2.1"])
        }
    }

    @Test("what only the walk and those who count come to is told to nobody")
    func silent() async throws {
        try await Kept.run { kept in
            let synchronizer = try await kept.synchronizer()
            let study = try #require(StudyUID("1.2.1"))
            kept.afterFirstPage { try await synchronizer.refresh(study) }

            try await synchronizer.sweep()

            #expect(try await kept.told().isEmpty)
        }
    }
}

/// A catalog with a clock that is moved, and a store of some studies of one series before it, two to a page.
private struct Kept: Sendable {
    let catalog: CatalogStore
    let store = PretendStore(pageSize: 2)
    let name: StoreName
    private let clock: Clock

    private final class Clock: Sendable {
        let seconds = Mutex(1_790_000_000.0)
    }

    static func run(_ body: (Kept) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db"))
        let clock = Clock()
        let catalog = CatalogStore(
            database: database,
            clock: WallClock { Date(timeIntervalSince1970: clock.seconds.withLock { $0 }) }
        )
        try await catalog.prepare()
        let kept = Kept(catalog: catalog, name: try #require(StoreName("radiology")), clock: clock)
        kept.store.set(try (1...6).map { try StudyEntry.made("1.2.\($0)", modalities: ["CT"]) })
        try await body(kept)
        try await database.close()
        withExtendedLifetime(folder) {}
    }

    private init(catalog: CatalogStore, name: StoreName, clock: Clock) {
        self.catalog = catalog
        self.name = name
        self.clock = clock
    }

    func synchronizer() async throws -> StoreSynchronizer {
        try await StoreSynchronizer(store: self.name, upstream: self.store.upstream, catalog: self.catalog)
    }

    /// Runs the closure while the second page is under way: what the first shows has been taken in by then.
    func afterFirstPage(_ body: @escaping @Sendable () async throws -> Void) {
        let store = self.store
        store.contents.withLock { contents in
            contents.afterPage = { store.contents.withLock { $0.afterPage = body } }
        }
    }

    func pass(seconds: Double) { self.clock.seconds.withLock { $0 += seconds } }

    /// Everything that was told, in order.
    func told() async throws -> [String] {
        let page = try await ChangeFeed(self.catalog).events(after: nil, limit: 1_000)
        return page.events.map { "\($0.type.rawValue) \($0.study?.rawValue ?? "")" }
    }
}
