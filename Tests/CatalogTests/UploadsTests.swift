import CollimatorCore
import DICOMweb
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite("Who stored what, and what refers to what")
struct UploadsTests {
    private static let alice = Principal.user(issuer: "i", subject: "alice")
    private static let vendor = Principal.client(id: "vendor")

    private static func instances(_ study: String, series: Int = 1, _ numbers: ClosedRange<Int>) throws
        -> [StoredInstance]
    {
        try numbers.map { number in
            StoredInstance(
                study: try #require(StudyUID(study)),
                series: try #require(SeriesUID("\(study).\(series)")),
                instance: try #require(InstanceUID("\(study).\(series).\(number)"))
            )
        }
    }

    private static func uploaders(_ catalog: CatalogStore, _ store: StoreName, _ study: String = "1.2") async throws
        -> [Set<Principal>]
    {
        let entry = try await catalog.entry(of: try #require(StudyUID(study)), in: store)
        return (entry?.series ?? []).map(\.uploaders)
    }

    @Test("a series is somebody's where every instance of it was stored by them, before or after the catalog knew it")
    func own() async throws {
        try await withCatalog { catalog, _ in
            let store = try #require(StoreName("radiology"))
            let key = "own"
            let own = StudySelector(key: key) { entry in
                StudyPart(Set((entry.series ?? []).filter { $0.uploaders == [Self.vendor] }.map(\.series)))
            }
            try await catalog.setSelectors([own])
            func found() async throws -> [Set<SeriesUID>?] {
                let visibility = CatalogVisibility([
                    store: StoreVisibility(allowed: StudySelection(selectors: [key]))
                ])
                return try await catalog.search(StudyQuery(stores: [store], visibility: visibility, limit: 5)).studies
                    .map(\.visibleSeries)
            }
            // Two series, of one and of two instances.
            try await catalog.noteStored(try Self.instances("1.2", 1...1), by: Self.vendor, in: store)
            try await catalog.put([try .made("1.2", modalities: ["CT", "MR"])], in: store)
            while try await catalog.select(limit: 5) {}
            #expect(try await Self.uploaders(catalog, store) == [[Self.vendor], []])
            let (first, second) = (SeriesUID("1.2.1"), SeriesUID("1.2.2"))
            var seen = try await found()
            #expect(seen == [Set([first].compactMap(\.self))])
            // One of two is not all of them.
            try await catalog.noteStored(try Self.instances("1.2", series: 2, 1...1), by: Self.vendor, in: store)
            #expect(try await Self.uploaders(catalog, store) == [[Self.vendor], []])
            try await catalog.noteStored(try Self.instances("1.2", series: 2, 1...2), by: Self.vendor, in: store)
            #expect(try await Self.uploaders(catalog, store) == [[Self.vendor], [Self.vendor]])
            seen = try await found()
            #expect(seen == [Set([first, second].compactMap(\.self))])
            // The first who stored an instance stays the one who did.
            try await catalog.noteStored(try Self.instances("1.2", 1...1), by: Self.alice, in: store)
            #expect(try await Self.uploaders(catalog, store).first == [Self.vendor])
            try await catalog.noteStored(try Self.instances("1.2", 2...2), by: Self.alice, in: store)
            #expect(try await Self.uploaders(catalog, store).first == [Self.vendor, Self.alice])
            seen = try await found()
            #expect(seen == [Set([second].compactMap(\.self))])
            let other = try #require(StoreName("trial"))
            try await catalog.put([try .made("1.2", modalities: ["CT", "MR"])], in: other)
            #expect(try await Self.uploaders(catalog, other) == [[], []])
        }
    }

    @Test("what was added behind our back makes a series nobody's own; building anew loses nothing; removal forgets")
    func later() async throws {
        try await withCatalog { catalog, _ in
            let store = try #require(StoreName("radiology"))
            let study = try #require(StudyUID("1.2"))
            try await catalog.noteStored(try Self.instances("1.2", 1...1), by: Self.vendor, in: store)
            let entry = try StudyEntry.made("1.2", modalities: ["CT"])
            try await catalog.put([entry], in: store)
            try await catalog.forget(store)
            #expect(try await Self.uploaders(catalog, store).isEmpty)
            try await catalog.put([entry], in: store)
            #expect(try await Self.uploaders(catalog, store) == [[Self.vendor]])
            var more = entry
            more.series?[0].instanceCount = 2
            try await catalog.put([more], in: store)
            #expect(try await Self.uploaders(catalog, store) == [[]])
            var uncounted = entry
            uncounted.series?[0].instanceCount = nil
            try await catalog.put([uncounted], in: store)
            #expect(try await Self.uploaders(catalog, store) == [[]])
            // Who comes after a removal has no part in what was there before.
            try await catalog.remove(study, from: store)
            try await catalog.put([entry], in: store)
            #expect(try await Self.uploaders(catalog, store) == [[]])
            try await catalog.noteStored(try Self.instances("1.2", 1...1), by: Self.vendor, in: store)
            var without = entry
            without.series = []
            try await catalog.put([without], in: store)
            try await catalog.put([entry], in: store)
            #expect(try await Self.uploaders(catalog, store) == [[]])
            try await catalog.noteStored(try Self.instances("1.2", 1...1), by: Self.vendor, in: store)
            try await catalog.forgetUploads(in: store)
            #expect(try await Self.uploaders(catalog, store) == [[]])
        }
    }

    @Test("references are read once, again when the series has changed, and of a catalog from before too")
    func references() async throws {
        try await withCatalog { catalog, database in
            let name = try #require(StoreName("radiology"))
            let pretended = PretendStore()
            let asked = Mutex<[SeriesUID]>([])
            var upstream = pretended.upstream
            let target = try #require(SeriesUID("1.2.1"))
            upstream.references = { _, series in
                asked.withLock { $0.append(series) }
                return [target]
            }
            pretended.set([try .made("1.2", modalities: ["CT", "SEG", "SR"]), try .made("1.3", modalities: ["CT"])])
            let synchronizer = try await StoreSynchronizer(store: name, upstream: upstream, catalog: catalog)
            try await synchronizer.sweep()
            let study = try #require(StudyUID("1.2"))
            func references() async throws -> [Set<SeriesUID>?] {
                try await catalog.entry(of: study, in: name)?.series?.map(\.references) ?? []
            }
            try await synchronizer.refresh(study)
            let before = try await references()
            #expect(before == [nil, nil, nil])
            try await synchronizer.readReferences()
            #expect(try await references() == [nil, [target], [target]])
            try await synchronizer.readReferences()
            #expect(asked.withLock { $0.count } == 2)
            // An instance more in one of them.
            var more = try StudyEntry.made("1.2", modalities: ["CT", "SEG", "SR"])
            more.series?[1].instanceCount = 7
            pretended.set([more])
            try await synchronizer.refresh(study)
            let stale = try await references()
            #expect(stale.count == 3 && stale[1] == nil)
            try await synchronizer.readReferences()
            #expect(try await references() == [nil, [target], [target]])
            #expect(asked.withLock { $0.last?.rawValue } == "1.2.2")
            // As the migration leaves it.
            _ = try await database.write { connection in
                try connection.execute("UPDATE series SET referenced = NULL")
                try connection.execute("UPDATE study SET referencesRead = 0")
            }
            try await synchronizer.readReferences()
            #expect(try await references() == [nil, [target], [target]])
        }
    }

    @Test("a series that cannot be read stays unknown and holds up no other; a store that is away is asked again")
    func unreadable() async throws {
        try await withCatalog { catalog, _ in
            let name = try #require(StoreName("radiology"))
            let pretended = PretendStore()
            let isAway = Mutex(true)
            var upstream = pretended.upstream
            let target = try #require(SeriesUID("1.2.1"))
            upstream.references = { _, series in
                if isAway.withLock({ $0 }) { throw PretendStore.Broken() }
                if series.rawValue == "1.2.2" { throw DICOMwebError.notFound }
                return [target]
            }
            pretended.set([try .made("1.2", modalities: ["CT", "SEG", "SR"])])
            let synchronizer = try await StoreSynchronizer(store: name, upstream: upstream, catalog: catalog)
            try await synchronizer.sweep()
            await #expect(throws: PretendStore.Broken.self) { try await synchronizer.readReferences() }
            isAway.withLock { $0 = false }
            try await synchronizer.readReferences()
            let entry = try await catalog.entry(of: try #require(StudyUID("1.2")), in: name)
            #expect(entry?.series?.map(\.references) == [nil, nil, [target]])
        }
    }
}
