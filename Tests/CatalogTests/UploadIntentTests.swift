import CollimatorCore
import DICOMweb
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite("Uploads of which nobody has written down what became")
struct UploadIntentTests {
    private static let alice = Principal.user(issuer: "i", subject: "alice")
    private static let vendor = Principal.client(id: "vendor")

    /// A catalog whose process was killed while the vendor stored the first instance of a study.
    private final class Killed: Sendable {
        let catalog: CatalogStore
        let store: StoreName
        let study: StudyUID
        let instance: InstanceUID
        let pretended = PretendStore()
        /// What the store has.
        let there = Mutex<[InstanceUID: StoredInstance]>([:])

        init(_ before: CatalogStore, _ database: Database, by uploaders: [Principal] = [vendor]) async throws {
            self.store = try #require(StoreName("radiology"))
            self.study = try #require(StudyUID("1.2"))
            self.instance = try #require(InstanceUID("1.2.1.1"))
            for uploader in uploaders { _ = try await before.intend(self.instance, by: uploader, in: self.store) }
            // What was in memory is gone.
            self.catalog = CatalogStore(database: database, clock: before.clock)
            try await self.catalog.prepare()
        }

        /// The store has it, and the catalog comes to know it.
        func arrives() async throws {
            let series = try #require(SeriesUID("1.2.1"))
            self.there.withLock {
                $0[self.instance] = StoredInstance(study: self.study, series: series, instance: self.instance)
            }
            let entry = try StudyEntry.made("1.2", modalities: ["CT"])
            self.pretended.set([entry])
            try await self.catalog.put([entry], in: self.store)
        }

        func synchronizer(failing: Bool = false) async throws -> StoreSynchronizer {
            var upstream = self.pretended.upstream
            upstream.instance = { instance in
                if failing { throw DICOMwebError.transport }
                return self.there.withLock { $0[instance] }
            }
            return try await StoreSynchronizer(store: self.store, upstream: upstream, catalog: self.catalog)
        }

        var uploaders: [Set<Principal>] {
            get async throws {
                try await self.catalog.entry(of: self.study, in: self.store)?.series?.map(\.uploaders) ?? []
            }
        }

        var left: Int { get async throws { try await self.catalog.unsettledIntents(in: self.store).count } }
    }

    @Test("what had arrived when the process was killed is the uploader's own after the next start, and stays so")
    func arrived() async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            try await killed.arrives()
            #expect(try await killed.uploaders == [[]])
            #expect(try await killed.left == 1)
            // While the store cannot be asked nothing is decided.
            let away = try await killed.synchronizer(failing: true)
            await #expect(throws: DICOMwebError.transport) { try await away.settleUploads() }
            #expect(try await killed.left == 1)
            let synchronizer = try await killed.synchronizer()
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[Self.vendor]])
            #expect(try await killed.left == 0)
        }
    }

    @Test("what had not arrived is nobody's, also where somebody else stores it later behind our back")
    func neverArrived() async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            try await killed.synchronizer().settleUploads()
            #expect(try await killed.left == 0)
            try await killed.arrives()
            try await killed.synchronizer().settleUploads()
            #expect(try await killed.uploaders == [[]])
        }
    }

    @Test("what two wanted to store is nobody's, and so is what is in a store that was forgotten")
    func rivals() async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database, by: [Self.vendor, Self.alice])
            try await killed.arrives()
            try await killed.synchronizer().settleUploads()
            #expect(try await killed.uploaders == [[]])
            #expect(try await killed.left == 0)
        }
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            try await killed.catalog.forgetUploads(in: killed.store)
            try await killed.arrives()
            try await killed.synchronizer().settleUploads()
            #expect(try await killed.uploaders == [[]])
        }
    }

    @Test("an upload under way is left alone; one that broke off is settled while the program runs")
    func running() async throws {
        try await withCatalog { store, database in
            let killed = try await Killed(store, database, by: [])
            let synchronizer = try await killed.synchronizer()
            let intent = try await killed.catalog.intend(killed.instance, by: Self.vendor, in: killed.store)
            try await killed.arrives()
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[]])
            killed.catalog.openIntents.close(intent.number)
            #expect(try await killed.left == 1)
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[Self.vendor]])

            // The ordinary way: the note and the end of the intent are one.
            let next = try await killed.catalog.intend(killed.instance, by: Self.vendor, in: killed.store)
            let stored = try #require(killed.there.withLock { $0[killed.instance] })
            try await killed.catalog.noteStored([stored], by: Self.vendor, in: killed.store, settling: next)
            killed.catalog.openIntents.close(next.number)
            #expect(try await killed.left == 0)
        }
    }
}
