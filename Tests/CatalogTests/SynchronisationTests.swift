@testable import Catalog
import CollimatorCore
import DICOMweb
import Synchronization
import TestSupport
import Testing

@Suite("Synchronisation of a store")
struct SynchronisationTests {
    @Test("the first walk takes everything, and lists are complete only then")
    func backfill() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(50))
            let synchronizer = try await Self.synchronizer(store, catalog)
            let before = await synchronizer.status

            try await synchronizer.sweep()

            let after = await synchronizer.status
            #expect(!before.isComplete)
            #expect(after.isComplete)
            #expect(after.phase == .current)
            try await Self.expectEqual(catalog, store)
        }
    }

    @Test("cut at any call and begun again, it ends with the same", arguments: 0..<24)
    func resume(callsUntilFailure: Int) async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(50))
            store.contents.withLock { $0.callsUntilFailure = callsUntilFailure }
            await #expect(throws: PretendStore.Broken.self) {
                try await Self.synchronizer(store, catalog).sweep()
            }
            store.contents.withLock { $0.callsUntilFailure = nil }

            let synchronizer = try await Self.synchronizer(store, catalog)
            try await synchronizer.sweep()

            try await Self.expectEqual(catalog, store)
        }
    }

    @Test("a store with more studies than the largest offset is walked through windows of days")
    func windows() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore(pageSize: 5, offsetMax: 20)
            // One without a date that lies beyond the largest offset cannot be reached by any search.
            store.set(try Self.studies(120).filter { $0.moment != .unknown })
            let synchronizer = try await Self.synchronizer(store, catalog)

            try await synchronizer.sweep()

            try await Self.expectEqual(catalog, store)
        }
    }

    @Test("a later walk finds what was added, changed and deleted behind our back")
    func reconcile() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(30))
            let synchronizer = try await Self.synchronizer(store, catalog)
            try await synchronizer.sweep()
            let change = try await catalog.lastChange()

            store.set(try Self.studies(33).suffix(3))
            store.remove(try #require(StudyUID("1.2.4")))
            store.set([try StudyEntry.made("1.2.5", [(.patientName, "Corrected^Name")], modalities: ["CT"])])
            try await synchronizer.sweep()

            try await Self.expectEqual(catalog, store)
            let changed = try await catalog.lastChange() - change
            #expect(changed >= 5, "each change has a number")
            #expect(changed < 15, "what did not change has none")
        }
    }

    @Test("a study that a shifted page hid is not removed")
    func shiftedPage() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore(pageSize: 5)
            store.set(try Self.studies(20))
            let synchronizer = try await Self.synchronizer(store, catalog)
            try await synchronizer.sweep()
            // The first page is read, then a study of it goes: all others move up by one and one is never listed.
            let gone = try #require(StudyUID("1.2.1"))
            store.contents.withLock { $0.afterPage = { store.remove(gone) } }

            try await synchronizer.sweep()

            try await Self.expectEqual(catalog, store)
        }
    }

    @Test("a page that was read before a deletion through us does not bring the study back")
    func stalePage() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore(pageSize: 5)
            store.set(try Self.studies(4))
            let synchronizer = try await Self.synchronizer(store, catalog)
            let gone = try #require(StudyUID("1.2.2"))
            store.contents.withLock { contents in
                contents.afterPage = {
                    store.remove(gone)
                    try await synchronizer.refresh(gone)
                }
            }

            try await synchronizer.sweep()

            try await Self.expectEqual(catalog, store)
        }
    }

    @Test("two thousand notices of one study cost one refresh")
    func coalescing() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(3))
            let synchronizer = try await Self.synchronizer(store, catalog)
            let study = try #require(StudyUID("1.2.2"))
            for _ in 0..<2_000 { synchronizer.note(study) }

            try await synchronizer.refreshNoticed()

            #expect(store.contents.withLock { $0.studyCalls } == [study: 1])
            let found = try await catalog.study(study, in: try Self.radiology)
            #expect(found?.instanceCount == 3)
        }
    }

    @Test("a notice whose refresh fails is not lost")
    func failedNotice() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(3))
            let synchronizer = try await Self.synchronizer(store, catalog)
            let study = try #require(StudyUID("1.2.2"))
            synchronizer.note(study)
            store.contents.withLock { $0.callsUntilFailure = 0 }
            await #expect(throws: PretendStore.Broken.self) { try await synchronizer.refreshNoticed() }
            store.contents.withLock { $0.callsUntilFailure = nil }

            try await synchronizer.refreshNoticed()

            let found = try await catalog.study(study, in: try Self.radiology)
            #expect(found != nil)
        }
    }

    @Test("a refresh during a refresh begins after it was asked for, and both callers are answered")
    func refreshTwice() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(3))
            let synchronizer = try await Self.synchronizer(store, catalog)
            let study = try #require(StudyUID("1.2.3"))

            let (untilAllAsked, asked) = AsyncStream.makeStream(of: Void.self)
            store.contents.withLock { $0.duringStudy = { for await _ in untilAllAsked {} } }
            let refreshes = (0..<3).map { _ in Task { try await synchronizer.refresh(study) } }
            while await synchronizer.waiterCount < 3 { await Task.yield() }
            asked.finish()
            for refresh in refreshes { try await refresh.value }

            let calls = store.contents.withLock { $0.studyCalls[study] ?? 0 }
            // Those who came before the first was begun share it, those who came later share the second.
            #expect((1...2).contains(calls))
            let found = try await catalog.study(study, in: try Self.radiology)
            #expect(found != nil)
        }
    }

    private static var radiology: StoreName {
        get throws { try #require(StoreName("radiology")) }
    }

    private static func synchronizer(_ store: PretendStore, _ catalog: CatalogStore) async throws -> StoreSynchronizer {
        try await StoreSynchronizer(store: self.radiology, upstream: store.upstream, catalog: catalog)
    }

    private static func studies(_ count: Int) throws -> [StudyEntry] {
        try (1...count).map { index in
            let day =
                index % 9 == 0
                ? "" : "2026\(["01", "02", "03"][index % 3])\(index % 28 < 9 ? "0" : "")\(index % 28 + 1)"
            return try StudyEntry.made(
                "1.2.\(index)",
                [(.patientName, "Patient^Number \(index)"), (.studyDate, day)],
                modalities: ["CT", "SR"]
            )
        }
    }

    private static func expectEqual(_ catalog: CatalogStore, _ store: PretendStore) async throws {
        let radiology = try self.radiology
        let page = try await catalog.search(StudyQuery(stores: [radiology], limit: 1_000))
        let expected = store.contents.withLock { $0.studies }
        #expect(Set(page.studies.map(\.study)) == Set(expected.keys))
        #expect(page.total == .exact(expected.count))
        for study in page.studies {
            let entry = try #require(expected[study.study])
            #expect(study.attributes.personName(.patientName) == entry.attributes.personName(.patientName))
            let series = try await catalog.series(of: study.study, in: radiology)
            #expect(Set(series.map(\.series)) == Set((entry.series ?? []).map(\.series)))
            #expect(study.modalities == entry.modalities)
        }
    }
}
