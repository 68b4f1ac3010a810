import CollimatorCore
import DICOMweb
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite("Selectors of one study each")
struct SelectorsOfOneStudyTests {
    private static let count = 2_000
    private static let there = 30

    /// How often each was evaluated.
    private final class Evaluations: Sendable {
        private let counts = Mutex<[String: Int]>([:])

        func selector(_ number: Int) throws -> StudySelector {
            let study = try #require(StudyUID("1.2.\(number)"))
            return StudySelector(key: "one:\(number)", study: study) { entry in
                self.counts.withLock { $0[entry.study.rawValue, default: 0] += 1 }
                guard entry.study == study else { return .nothing }
                return StudyPart(Set((entry.series ?? []).prefix(1).map(\.series)))
            }
        }

        var all: [String: Int] { self.counts.withLock { $0 } }
    }

    @Test("are worked out some hundreds at a time with their own study alone, and cost other studies nothing")
    func many() async throws {
        try await withCatalog { catalog, database in
            let store = try #require(StoreName("radiology"))
            for number in 1...Self.there {
                try await catalog.put([try .made("1.2.\(number)", modalities: ["CT", "MR"])], in: store)
            }
            let evaluations = Evaluations()
            try await catalog.setSelectors(try (1...Self.count).map { try evaluations.selector($0) })
            var rounds = 0
            while try await catalog.select(limit: 50) { rounds += 1 }
            #expect(rounds == 4)
            #expect(evaluations.all == Dictionary(uniqueKeysWithValues: (1...Self.there).map { ("1.2.\($0)", 1) }))

            // One that comes is told to its own, and one that nobody names to none.
            try await catalog.put([try .made("1.2.31", modalities: ["CT"])], in: store)
            try await catalog.put([try .made("1.2.9999", modalities: ["CT"])], in: store)
            #expect(evaluations.all["1.2.31"] == 1)
            #expect(evaluations.all["1.2.9999"] == nil)
            #expect(evaluations.all.count == Self.there + 1)
            let kept = try await database.read { connection in
                try connection.query("SELECT COUNT(*) FROM selectedStudy").map { try $0.integer(0) }
            }
            #expect(kept == [Int64(Self.there + 1)])

            // A list shows one series of each, by more selectors than a statement names.
            let keys = Set((1...Self.count).map { "one:\($0)" })
            let visible = CatalogVisibility([
                store: StoreVisibility(allowed: StudySelection(selectors: keys))
            ])
            let page = try await catalog.search(StudyQuery(stores: [store], visibility: visible, limit: 100))
            #expect(page.studies.count == Self.there + 1)
            #expect(page.studies.allSatisfy { $0.seriesCount == 1 && $0.visibleSeries?.count == 1 })
            #expect(page.isComplete)
        }
    }

    @Test("go on after a restart with those that are left, and are found by an index")
    func afterRestart() async throws {
        try await withCatalog { before, database in
            let store = try #require(StoreName("radiology"))
            try await before.put([try .made("1.2.1999", modalities: ["CT"])], in: store)
            let evaluations = Evaluations()
            let selectors = try (1...Self.count).map { try evaluations.selector($0) }
            try await before.setSelectors(selectors)
            #expect(try await before.select(limit: 50))
            #expect(evaluations.all.isEmpty)

            let catalog = CatalogStore(database: database, clock: before.clock)
            try await catalog.prepare()
            try await catalog.setSelectors(selectors)
            var rounds = 0
            while try await catalog.select(limit: 50) { rounds += 1 }
            #expect(rounds == 3)
            #expect(evaluations.all == ["1.2.1999": 1])
            let steps = try await database.read { connection in
                try connection.query("EXPLAIN QUERY PLAN \(CatalogStore.behind) LIMIT 500", [.integer(1), .integer(9)])
                    .map { try $0.text(3) }
            }
            #expect(
                steps.contains { $0.contains("INDEX selectorByPosition (isOfOneStudy=? AND position<?)") },
                "\(steps)"
            )
            #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }
}
