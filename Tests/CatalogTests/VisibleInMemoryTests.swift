import CollimatorCore
import DICOMweb
import Persistence
import TestSupport
import Testing

@testable import Catalog

@Suite("What may be seen, kept in memory")
struct VisibleInMemoryTests {
    private static let vendor = Principal.client(id: "vendor")
    private static let other = Principal.client(id: "other")
    /// What somebody stored, which changes although no study does.
    private static let own = StudySelector(key: "own") { entry in
        StudyPart(Set((entry.series ?? []).filter { $0.uploaders == [Self.vendor] }.map(\.series)))
    }

    @Test("lists are those that the rows give, after any change of studies, rules and uploads", arguments: 0..<8)
    func following(seed: Int) async throws {
        var effort = SearchEffort()
        effort.setWindowRows = [1, 3, 100][seed % 3]
        effort.candidatesBeforeSets = [0, 256][seed % 2]
        // A window at a time: sets that are not whole are followed, too.
        effort.freeSetTime = seed % 4 == 0 ? .zero : .seconds(5)
        try await withCatalog(effort: effort) { catalog, database in
            var generator = WishGenerator(seed: seed)
            let stores = try ["radiology", "trial"].map { try #require(StoreName($0)) }
            var plain = effort
            plain.remembersVisible = false
            let reading = CatalogStore(database: database, clock: SteppingClock().clock, effort: plain)
            var selectors = VisibilitySample.all + [Self.own]
            try await catalog.setSelectors(selectors)
            let named = NamedStudies(Dictionary((1...12).map { ("1.2.\($0 * 2)", StudyPart.whole) }) { one, _ in one })
            var callers = (0..<6).map { _ in VisibilitySample.visibility(stores, &generator) }
            for allowed in [StudySelection(selectors: ["own"], studies: named), StudySelection(studies: named)] {
                callers.append(CatalogVisibility([stores[0]: StoreVisibility(allowed: allowed)]))
            }
            for _ in 0..<50 {
                try await Self.change(catalog, stores, &selectors, &generator)
                var query = StudyQuery(stores: stores, limit: generator.pick([2, 50]))
                query.visibility = generator.pick(callers)
                query.total = generator.pick([.bounded, .exact])
                if generator.chance(2) { query.conditions = generator.wishes().map(\.condition) }
                let page = try await catalog.search(query)
                let expected = try await reading.search(query)
                #expect(page.studies.map(\.study) == expected.studies.map(\.study))
                #expect(page.studies.map(\.visibleSeries) == expected.studies.map(\.visibleSeries))
                #expect(page.total == expected.total && page.isComplete == expected.isComplete)
            }
        }
    }

    private static func change(
        _ catalog: CatalogStore,
        _ stores: [StoreName],
        _ selectors: inout [StudySelector],
        _ generator: inout WishGenerator
    ) async throws {
        let number = Int.random(in: 1...25, using: &generator.random)
        let store = generator.pick(stores)
        switch Int.random(in: 0..<10, using: &generator.random) {
        case 0:
            selectors.shuffle(using: &generator.random)
            try await catalog.setSelectors(Array(selectors.prefix(selectors.count - 2)))
        case 1, 2:
            while try await catalog.select(limit: 5) {}
        case 3:
            if let gone = StudyUID("1.2.\(number)") { try await catalog.remove(gone, from: store) }
        case 4, 5:
            let stored = StoredInstance(
                study: try #require(StudyUID("1.2.\(number)")),
                series: try #require(SeriesUID("1.2.\(number).1")),
                instance: try #require(InstanceUID("1.2.\(number).1.\(generator.pick([1, 2]))"))
            )
            try await catalog.noteStored([stored], by: generator.pick([Self.vendor, Self.other]), in: store)
        default:
            try await catalog.put([try generator.entry(number)], in: store)
        }
    }

    @Test("who may see few of very many finds them without a look at the others' rows")
    func few() async throws {
        try await GeneratedCatalog.with { catalog in
            let store = CatalogStore(database: catalog.database, clock: SteppingClock().clock)
            let named = NamedStudies(
                Dictionary((1...900).map { ("1.2.840.\($0 * 7)", StudyPart.whole) }) { one, _ in one }
            )
            let seen = CatalogVisibility([catalog.radiology: StoreVisibility(allowed: StudySelection(studies: named))])
            let query = StudyQuery(stores: [catalog.radiology], visibility: seen, limit: 20)
            let first = try await store.search(query)
            let runs = try await catalog.database.read { connection in
                let explaining = ExplainingConnection(connection)
                let run = try #require(
                    try StudySearchRun(query, effort: store.effort, on: explaining, sets: store.sets)
                )
                let page = try run.page()
                #expect(page.studies.map(\.study) == first.studies.map(\.study) && page.studies.count == 20)
                #expect(page.total == first.total)
                // No name is bound any more.
                #expect(explaining.argumentsMax < 100)
                return explaining.runCount
            }
            #expect(runs < 60)
        }
    }
}
