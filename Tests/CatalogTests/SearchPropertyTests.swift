import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import Persistence
import Synchronization
import TestSupport
import Testing

/// A clock that is a second later each time it is looked at.
final class SteppingClock: Sendable {
    static let start: Int64 = 1_790_000_000_000
    static let step: Int64 = 1_000
    private let readings = Mutex<Int64>(0)

    var clock: WallClock {
        WallClock {
            let reading = self.readings.withLock { readings in
                readings += 1
                return readings
            }
            return Date(timeIntervalSince1970: Double(Self.start + reading * Self.step) / 1_000)
        }
    }
}

@Suite("Search in SQL and in memory")
struct SearchPropertyTests {
    @Test("both find the same, in the same order, for any plan, page size and offset", arguments: 0..<12)
    func agree(seed: Int) async throws {
        var generator = WishGenerator(seed: seed)
        // Small limits make every plan come up: candidates for rare values, walks for the others.
        var effort = SearchEffort()
        effort.candidatesMax = [0, 5, 40, 100_000][seed % 4]
        effort.examinedBeforeScan = [1, 30, 100_000][seed % 3]
        effort.namesInStatementMax = [1, 1_024, 3, 2][seed / 3 % 4]
        effort.candidatesBeforeSets = [0, 100_000][seed / 4 % 2]
        effort.remembersVisible = seed % 5 > 1
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db"))
        let store = CatalogStore(database: database, clock: SteppingClock().clock, effort: effort)
        try await store.prepare()
        let names = try ["radiology", "trial", "archive"].map { try #require(StoreName($0)) }
        if seed % 2 == 0 { try await store.setSelectors(VisibilitySample.all) }
        let kept = try await Self.fill(store, names, &generator)
        try await store.setSelectors(VisibilitySample.all)
        while try await store.select(limit: 7) {}

        for _ in 0..<30 {
            let wishes = generator.wishes()
            let order = StudyOrder(generator.pick(StudyOrder.Key.allCases), isDescending: generator.chance(2))
            let stores = generator.pick([[names[0]], [names[1]], names, [names[0], names[2]]])
            var query = StudyQuery(
                stores: stores,
                conditions: wishes.map(\.condition),
                order: order,
                limit: generator.pick([1, 7, 60])
            )
            query.total = generator.pick([.none, .bounded, .exact])
            if generator.chance(3) {
                query.visibility = .everything
            } else {
                query.visibility = VisibilitySample.visibility(names, &generator)
            }
            let expected = kept.filter { own in
                guard stores.contains(own.kept.store), let seen = own.seen(query.visibility) else { return false }
                return wishes.allSatisfy { $0.holds(seen) }
            }.sorted { Self.precedes($0, $1, order) }.map(\.number)
            try await Self.compare(query, expected, in: store, &generator)
        }
        try await database.close()
        withExtendedLifetime(folder) {}
    }

    /// A study with the number that the catalog gave it.
    private struct Own {
        let number: Int64
        let kept: Wish.Kept

        /// As somebody who may see so much sees it; nil where that is nothing of it.
        func seen(_ visibility: CatalogVisibility) -> Wish.Kept? {
            guard visibility != .everything else { return self.kept }
            let part = VisibilitySample.part(self.kept.entry, in: self.kept.store, visibility)
            guard let entry = VisibilitySample.narrowed(self.kept.entry, to: part) else { return nil }
            return Wish.Kept(
                store: self.kept.store,
                entry: entry,
                change: self.kept.change,
                updatedAt: self.kept.updatedAt
            )
        }
    }

    private static func fill(
        _ store: CatalogStore,
        _ names: [StoreName],
        _ generator: inout WishGenerator
    ) async throws -> [Own] {
        var kept: [Own] = []
        for index in 0..<80 {
            let entry = try generator.entry(index)
            for name in index % 3 == 0 ? Array(names[0...1]) : [names[0]] {
                try await store.put([entry], in: name)
                let study = try #require(try await store.study(entry.study, in: name))
                let own = Wish.Kept(
                    store: name,
                    entry: entry,
                    change: study.change,
                    updatedAt: study.updatedAtMilliseconds
                )
                kept.append(Own(number: study.number, kept: own))
            }
        }
        return kept
    }

    private static func compare(
        _ query: StudyQuery,
        _ expected: [Int64],
        in store: CatalogStore,
        _ generator: inout WishGenerator
    ) async throws {
        var paged = query
        var found: [Int64] = []
        repeat {
            let page = try await store.search(paged)
            found.append(contentsOf: page.studies.map(\.number))
            switch page.total {
            case .exact(let count): #expect(count == expected.count, "\(query)")
            case .atLeast(let count): #expect(count <= expected.count && query.total == .none, "\(query)")
            }
            paged.after = page.next
        } while paged.after != nil && found.count <= expected.count
        #expect(found == expected, "\(query)")

        var passing = query
        passing.offset = Int.random(in: 0...expected.count + 2, using: &generator.random)
        let page = try await store.search(passing)
        #expect(
            page.studies.map(\.number) == Array(expected.dropFirst(passing.offset).prefix(query.limit)),
            "\(passing)"
        )
        #expect((page.next == nil) == (passing.offset + query.limit >= expected.count))
    }

    private static func precedes(_ first: Own, _ second: Own, _ order: StudyOrder) -> Bool {
        let isLess: Bool
        let names = [first, second].map { own -> [UInt8] in
            let name = own.kept.entry.attributes.personName(.patientName)
            return Array(SearchText.fold(name?.alphabetic ?? name?.ideographic ?? name?.phonetic ?? "").utf8)
        }
        let moments = [first, second].map(\.kept.entry.moment)
        switch order.key {
        case .moment where moments[0] != moments[1]: isLess = moments[0] < moments[1]
        case .patientName where names[0] != names[1]: isLess = names[0].lexicographicallyPrecedes(names[1])
        case .change: isLess = first.kept.change < second.kept.change
        default: isLess = first.number < second.number
        }
        return isLess != order.isDescending
    }
}
