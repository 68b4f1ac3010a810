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
        /// How long the synchronisers have been at it.
        private let passed = Mutex(Duration.zero)

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

        func synchronizer(failing: DICOMwebError? = nil) async throws -> StoreSynchronizer {
            var upstream = self.pretended.upstream
            upstream.instance = { instance in
                if let failing { throw failing }
                return self.there.withLock { $0[instance] }
            }
            var configuration = StoreSynchronizer.Configuration()
            let start = ContinuousClock.now
            configuration.now = { start + self.passed.withLock { $0 } }
            return try await StoreSynchronizer(
                store: self.store,
                upstream: upstream,
                catalog: self.catalog,
                configuration: configuration
            )
        }

        /// Time goes by.
        func pass(_ duration: Duration) { self.passed.withLock { $0 += duration } }

        var uploaders: [Set<Principal>] {
            get async throws {
                try await self.catalog.entry(of: self.study, in: self.store)?.series?.map(\.uploaders) ?? []
            }
        }

        var left: Int { get async throws { try await self.catalog.unsettledIntents(in: self.store).count } }
    }

    @Test("what another stored through us is not who broke off's, whoever that is", arguments: [alice, .administrator])
    func storedByAnother(uploader: Principal) async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            try await killed.arrives()
            let one = try #require(killed.there.withLock { $0[killed.instance] })
            try await killed.catalog.noteStored([one], by: uploader, in: killed.store)
            #expect(try await killed.left == 0)
            try await killed.synchronizer().settleUploads()
            #expect(try await killed.uploaders == [uploader == .administrator ? [] : [uploader]])
        }
    }

    @Test("nothing is decided while somebody stores who did not say so before", arguments: [false, true])
    func unannounced(isRead: Bool) async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            try await killed.arrives()
            let instance = isRead ? killed.instance : nil
            let synchronizer = try await killed.synchronizer()
            let open = killed.catalog.openIntents
            let storing = open.beginStoring(instance, in: killed.store)
            _ = open.beginStoring(InstanceUID("9.9"), in: killed.store)
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[]])
            #expect(try await killed.left == 1)
            // Who begins later cannot have stored what was there, so that a busy store settles, too.
            _ = open.beginStoring(instance, in: killed.store)
            open.endStoring(storing)
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[Self.vendor]])
        }
    }

    @Test("what had arrived when the process was killed is the uploader's own after the next start, and stays so")
    func arrived() async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            try await killed.arrives()
            #expect(try await killed.uploaders == [[]])
            #expect(try await killed.left == 1)
            // While the store cannot be asked nothing is decided.
            let away = try await killed.synchronizer(failing: .transport)
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
            let synchronizer = try await killed.synchronizer()
            try await synchronizer.settleUploads()
            killed.pass(StoreSynchronizer.Configuration().writeLasting)
            try await synchronizer.settleUploads()
            #expect(try await killed.left == 0)
            try await killed.arrives()
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[]])
        }
    }

    @Test("what the store was still taking in when it was asked first is the uploader's own once it is there")
    func late() async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            let synchronizer = try await killed.synchronizer()
            try await synchronizer.settleUploads()
            killed.pass(StoreSynchronizer.Configuration().writeLasting - .seconds(1))
            try await synchronizer.settleUploads()
            #expect(try await killed.left == 1)
            try await killed.arrives()
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[Self.vendor]])
            #expect(try await killed.left == 0)
        }
    }

    @Test(
        "an error says nothing of whether it was stored, however often and late it comes; that it is not found does",
        arguments: [
            (.upstreamFault(status: 500), 1), (.invalidAnswer(.json), 1), (.limit(.bodyBytes), 1),
            (.badRequest(status: 400, code: nil), 1), (.notFound, 0),
        ] as [(DICOMwebError, Int)]
    )
    func errors(error: DICOMwebError, left: Int) async throws {
        try await withCatalog { before, database in
            let killed = try await Killed(before, database)
            let synchronizer = try await killed.synchronizer(failing: error)
            for _ in 0..<3 {
                try await synchronizer.settleUploads()
                killed.pass(StoreSynchronizer.Configuration().writeLasting)
            }
            #expect(try await killed.left == left)
        }
    }

    @Test("what lies in another study or series than it was sent to is not what was sent")
    func elsewhere() async throws {
        try await withCatalog { store, database in
            let killed = try await Killed(store, database, by: [])
            let places: [(String, String?, Set<Principal>)] = [
                ("1.9", nil, []), ("1.2", "1.2.9", []), ("1.2", "1.2.1", [Self.vendor]),
            ]
            for (study, series, own) in places {
                let uid = try #require(StudyUID(study))
                let intent = try await killed.catalog.intend(
                    killed.instance,
                    sentTo: uid,
                    series: series.flatMap { SeriesUID($0) },
                    by: Self.vendor,
                    in: killed.store
                )
                try await killed.arrives()
                killed.catalog.openIntents.close(intent.number)
                try await killed.synchronizer().settleUploads()
                #expect(try await killed.uploaders == [own], "\(study) \(series ?? "")")
                #expect(try await killed.left == 0)
            }
        }
    }

    @Test("while another is still about to store the same one nothing is decided, and it is that one's who is told so")
    func openRival() async throws {
        try await withCatalog { store, database in
            let killed = try await Killed(store, database, by: [])
            let synchronizer = try await killed.synchronizer()
            let broken = try await killed.catalog.intend(killed.instance, by: Self.alice, in: killed.store)
            let open = try await killed.catalog.intend(killed.instance, by: Self.vendor, in: killed.store)
            try await killed.arrives()
            killed.catalog.openIntents.close(broken.number)
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[]])
            let stored = try #require(killed.there.withLock { $0[killed.instance] })
            try await killed.catalog.noteStored([stored], by: Self.vendor, in: killed.store, settling: open)
            killed.catalog.openIntents.close(open.number)
            try await synchronizer.settleUploads()
            #expect(try await killed.uploaders == [[Self.vendor]])
            #expect(try await killed.left == 0)
        }
    }

    @Test("where both broke off, one after the other, it is nobody's")
    func rivalsOneByOne() async throws {
        try await withCatalog { store, database in
            let killed = try await Killed(store, database, by: [])
            let synchronizer = try await killed.synchronizer()
            let first = try await killed.catalog.intend(killed.instance, by: Self.alice, in: killed.store)
            let second = try await killed.catalog.intend(killed.instance, by: Self.vendor, in: killed.store)
            try await killed.arrives()
            for intent in [first, second] {
                killed.catalog.openIntents.close(intent.number)
                try await synchronizer.settleUploads()
            }
            #expect(try await killed.uploaders == [[]])
            #expect(try await killed.left == 0)
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
