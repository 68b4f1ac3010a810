import CollimatorCore
import DICOMweb
import TestSupport
import Synchronization
import Testing

@testable import Catalog

@Suite("Walks that cannot reach everything")
struct TruncatedWalkTests {
    private static func synchronizer(_ store: PretendStore, _ catalog: CatalogStore) async throws -> StoreSynchronizer {
        let radiology = try #require(StoreName("radiology"))
        return try await StoreSynchronizer(store: radiology, upstream: store.upstream, catalog: catalog)
    }

    /// Every third has no date.
    private static func studies(_ count: Int) throws -> [StudyEntry] {
        try (1...count).map { index in
            let day = index % 3 == 0 ? "" : "202601\(10 + index % 15)"
            return try StudyEntry.made("1.2.\(index)", [(.studyDate, day)], modalities: ["CT"])
        }
    }

    @Test("studies without a date beyond the largest offset are missed, and that is said until the count agrees")
    func undated() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore(pageSize: 5, offsetMax: 20)
            store.set(try Self.studies(60))
            let synchronizer = try await Self.synchronizer(store, catalog)
            let radiology = try #require(StoreName("radiology"))

            try await synchronizer.sweep()

            let found = try await catalog.count(in: radiology)
            #expect(found < 60)
            var status = await synchronizer.status
            #expect(status.phase == .current)
            #expect(status.isTruncated && !status.isComplete)
            // It is known after a restart, too.
            let restarted = try await Self.synchronizer(store, catalog)
            #expect(await restarted.status.isTruncated)

            for study in store.contents.withLock({ Array($0.studies.keys) }) { try await synchronizer.refresh(study) }
            try await synchronizer.sweep()
            status = await synchronizer.status
            #expect(try await catalog.count(in: radiology) == 60)
            #expect(status.isComplete)
        }
    }

    @Test("where the store gives no count nobody knows whether all were reached")
    func withoutCount() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore(pageSize: 5, offsetMax: 20)
            store.set(try Self.studies(60).filter { $0.moment != .unknown })
            store.contents.withLock { $0.saysCount = false }
            let synchronizer = try await Self.synchronizer(store, catalog)

            try await synchronizer.sweep()

            #expect(await !synchronizer.status.isComplete)
        }
    }

    @Test("a store within the largest offset is complete without a count")
    func small() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore(pageSize: 5, offsetMax: 20)
            store.set(try Self.studies(12))
            store.contents.withLock { $0.saysCount = false }
            let synchronizer = try await Self.synchronizer(store, catalog)

            try await synchronizer.sweep()

            #expect(await synchronizer.status.isComplete)
        }
    }

    @Test("a store that gives its first page over and over ends the walk, which is not complete")
    func ignoredOffset() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore(pageSize: 5)
            store.set(try Self.studies(12))
            store.contents.withLock { $0.ignoresOffset = true }
            let synchronizer = try await Self.synchronizer(store, catalog)
            let radiology = try #require(StoreName("radiology"))

            try await synchronizer.sweep()

            #expect(try await catalog.count(in: radiology) == 5)
            #expect(await !synchronizer.status.isComplete)
            #expect(store.contents.withLock { $0.calls } < 20)
        }
    }

    @Test("a catalog of an earlier folding is built anew at the start, as silently as the first time")
    func folding() async throws {
        try await withCatalog { catalog, _ in
            let store = PretendStore()
            store.set(try Self.studies(12))
            let radiology = try #require(StoreName("radiology"))
            try await Self.synchronizer(store, catalog).sweep()
            let unchanged = try await Self.synchronizer(store, catalog)
            #expect(await unchanged.status.isComplete)
            var state = StoreState(bytes: try await catalog.state(of: radiology))
            state.folding = nil
            try await catalog.setState(try state.encoded(), of: radiology)

            let again = try await Self.synchronizer(store, catalog)

            #expect(await again.status.phase == .backfilling)
            #expect(try await catalog.count(in: radiology) == 0)
            try await again.sweep()
            #expect(await again.status.isComplete)
            #expect(try await catalog.count(in: radiology) == 12)
        }
    }
}
