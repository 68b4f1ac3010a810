import CollimatorCore
import DICOMweb
import Logging
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite("A rebuild of the catalog of a store")
struct RebuildTests {
    @Test("keeps what is known in the lists while the walk goes, and what has gone goes at its end, told to nobody")
    func listsStay() async throws {
        try await withCatalog { catalog, _ in
            let radiology = try Self.radiology
            let store = PretendStore(pageSize: 5)
            store.set(try Self.studies(20))
            let told = Mutex<[StudyChangeNotice]>([])
            let synchronizer = try await Self.synchronizer(store, catalog) { notice in
                told.withLock { $0.append(notice) }
            }
            try await synchronizer.sweep()
            store.remove(try #require(StudyUID("1.2.7")))
            let counts = Mutex<[Int]>([])
            store.contents.withLock { contents in
                contents.afterPage = {
                    let count = try await catalog.count(in: radiology)
                    counts.withLock { $0.append(count) }
                }
            }

            try await synchronizer.rebuild()

            #expect(try await catalog.count(in: radiology) == 20)
            #expect(await synchronizer.status.phase == .backfilling)
            #expect(await !synchronizer.status.isComplete)
            try await synchronizer.sweep()
            #expect(counts.withLock { $0 } == [20], "the walk had begun, and nothing was missing")
            #expect(await synchronizer.status.isComplete)
            try await Self.expectEqual(catalog, store)
            #expect(told.withLock { $0.isEmpty })
        }
    }

    @Test("cut at any call and begun again, it ends with the catalog of the store", arguments: 0..<24)
    func resume(callsUntilFailure: Int) async throws {
        try await withCatalog { catalog, database in
            let store = PretendStore()
            store.set(try Self.studies(50))
            let first = try await Self.synchronizer(store, catalog)
            try await first.sweep()
            try await Self.damage(database)
            store.remove(try #require(StudyUID("1.2.9")))
            store.set(try Self.studies(52).suffix(2))
            try await first.rebuild()
            store.contents.withLock { $0.callsUntilFailure = callsUntilFailure }
            await #expect(throws: PretendStore.Broken.self) { try await first.sweep() }
            store.contents.withLock { $0.callsUntilFailure = nil }

            let restarted = try await Self.synchronizer(store, catalog)
            #expect(await !restarted.status.isComplete)
            try await restarted.sweep()

            #expect(await restarted.status.isComplete)
            try await Self.expectEqual(catalog, store)
        }
    }

    @Test("ended before its walk began, it is made after the restart all the same")
    func endedAtOnce() async throws {
        try await withCatalog { catalog, database in
            let store = PretendStore()
            store.set(try Self.studies(12))
            let first = try await Self.synchronizer(store, catalog)
            try await first.sweep()
            try await Self.damage(database)
            try await first.rebuild()

            let restarted = try await Self.synchronizer(store, catalog)
            #expect(await restarted.status.phase == .backfilling)
            try await restarted.sweep()

            try await Self.expectEqual(catalog, store)
        }
    }

    @Test("a walk that is no rebuild leaves rows alone whose studies are as before")
    func noRebuild() async throws {
        try await withCatalog { catalog, database in
            let store = PretendStore()
            store.set(try Self.studies(12))
            let synchronizer = try await Self.synchronizer(store, catalog)
            try await synchronizer.sweep()
            let change = try await catalog.lastChange()

            try await synchronizer.sweep()
            #expect(try await catalog.lastChange() == change)
            try await Self.damage(database)
            try await synchronizer.sweep()
            #expect(try await Self.found(catalog).isEmpty, "so that the tests above could fail")
        }
    }

    @Test("counts every study again after the walk, also where the process ended in between")
    func counting() async throws {
        try await withCatalog { catalog, _ in
            let radiology = try Self.radiology
            let store = PretendStore()
            store.set(try Self.studies(12))
            let first = try await Self.synchronizer(store, catalog)
            try await first.sweep()
            for study in store.contents.withLock({ Array($0.studies.keys) }) { try await first.refresh(study) }
            // Neither a list nor, in this store, a count of instances shows this.
            var grown = try #require(try Self.studies(3).last)
            grown.series?[0].instanceCount = 77
            store.set([grown])
            try await first.rebuild()
            try await first.sweep()
            #expect(try await catalog.study(grown.study, in: radiology)?.instanceCount == 3)

            let restarted = try await Self.synchronizer(store, catalog)
            let running = Task { await restarted.run(logger: Self.quiet) }
            // CT with 77 instances and the SR with 2.
            try await eventually { try await catalog.study(grown.study, in: radiology)?.instanceCount == 79 }
            try await eventually {
                StoreState(bytes: try await catalog.state(of: radiology)).rebuiltFrom == nil
            }
            running.cancel()
            await running.value
        }
    }

    @Test("of a store of which nothing was ever kept is the first walk")
    func ofNothing() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(12))
            let synchronizer = try await Self.synchronizer(store, catalog)
            try await synchronizer.rebuild()
            try await synchronizer.sweep()
            try await Self.expectEqual(catalog, store)
        }
    }

    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private static var radiology: StoreName {
        get throws { try #require(StoreName("radiology")) }
    }

    private static func synchronizer(
        _ store: PretendStore,
        _ catalog: CatalogStore,
        onChange: @escaping @Sendable (StudyChangeNotice) async -> Void = { _ in }
    ) async throws -> StoreSynchronizer {
        var configuration = StoreSynchronizer.Configuration()
        configuration.onChange = onChange
        return try await StoreSynchronizer(
            store: self.radiology,
            upstream: store.upstream,
            catalog: catalog,
            configuration: configuration
        )
    }

    private static func studies(_ count: Int) throws -> [StudyEntry] {
        try (1...count).map { index in
            try StudyEntry.made(
                "1.2.\(index)",
                [(.patientName, "Smith^Number \(index)"), (.studyDate, "202601\(10 + index % 15)")],
                modalities: ["CT", "SR"]
            )
        }
    }

    /// Takes away what studies are found by, which no comparison of attributes shows.
    private static func damage(_ database: Database) async throws {
        try await database.write { connection in
            _ = try connection.execute("DELETE FROM studyValue", [])
        }
        #expect(try await database.read { try $0.query("SELECT study FROM studyValue").isEmpty })
    }

    private static func found(_ catalog: CatalogStore) async throws -> Set<StudyUID> {
        let query = StudyQuery(
            stores: [try self.radiology],
            conditions: [.words(.patientName, ["smith"])],
            limit: 1_000
        )
        return Set(try await catalog.search(query).studies.map(\.study))
    }

    private static func expectEqual(_ catalog: CatalogStore, _ store: PretendStore) async throws {
        let radiology = try self.radiology
        let expected = store.contents.withLock { $0.studies }
        #expect(try await catalog.count(in: radiology) == expected.count)
        #expect(try await self.found(catalog) == Set(expected.keys))
        let page = try await catalog.search(StudyQuery(stores: [radiology], limit: 1_000))
        #expect(page.total == .exact(expected.count))
        for study in page.studies {
            let entry = try #require(expected[study.study])
            let series = try await catalog.series(of: study.study, in: radiology)
            #expect(Set(series.map(\.series)) == Set((entry.series ?? []).map(\.series)))
            #expect(study.modalities == entry.modalities)
        }
    }
}
