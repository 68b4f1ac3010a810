@testable import Catalog
import CollimatorCore
import DICOMweb
import Persistence
import TestSupport
import Testing

@Suite("Search for series")
struct SeriesSearchTests {
    private static func entry(_ index: Int, _ generator: inout WishGenerator) throws -> StudyEntry {
        var entry = try generator.entry(index)
        entry.series = try (0..<Int.random(in: 0...3, using: &generator.random)).map { number in
            var attributes = DataSet()
            attributes.set(.modality, generator.pick(WishGenerator.modalities))
            attributes.set(.seriesDescription, generator.pick(WishGenerator.descriptions))
            let items = (0..<Int.random(in: 0...2, using: &generator.random)).map { _ in
                var item = DataSet()
                item.set(.requestedProcedureID, generator.pick(["RP1", "RP2"]))
                item.set(.scheduledProcedureStepID, generator.pick(["S1", "S2"]))
                return item
            }
            attributes.set(.requestAttributesSequence, items: items)
            let uid = "1.3.\(index % 20).\(number)"
            return SeriesEntry(
                series: try #require(SeriesUID(uid)),
                attributes: attributes,
                instanceCount: generator.pick([nil, 1, 2])
            )
        }
        return entry
    }

    private struct SeriesWish {
        let match: AttributeMatch
        let holds: (SeriesEntry) -> Bool
    }

    private static func wish(_ generator: inout WishGenerator) -> [SeriesWish] {
        let modality = generator.pick(WishGenerator.modalities)
        let procedure = generator.pick(["RP1", "rp2", "RP3"])
        let step = generator.pick(["S1", "S2"])
        let uid = "1.3.\(Int.random(in: 0..<20, using: &generator.random)).0"
        func match(_ path: [DICOMweb.Tag], _ text: String) -> AttributeMatch {
            AttributeMatch(path: path, test: .anyOf([text]))
        }
        switch Int.random(in: 0..<6, using: &generator.random) {
        case 0:
            return [SeriesWish(match: match([.modality], modality)) { $0.attributes.string(.modality) == modality }]
        case 1:
            return [SeriesWish(match: match([.seriesInstanceUID], uid)) { $0.series.rawValue == uid }]
        case 2:
            let path: [DICOMweb.Tag] = [.requestAttributesSequence, .requestedProcedureID]
            return [
                SeriesWish(match: match(path, procedure)) { series in
                    series.attributes.items(.requestAttributesSequence).contains {
                        $0.string(.requestedProcedureID) == procedure.uppercased()
                    }
                }
            ]
        case 3:
            // Two keys of one sequence are meant of the same item (PS3.4 §C.2.2.2.6).
            let first = match([.requestAttributesSequence, .requestedProcedureID], procedure)
            let second = match([.requestAttributesSequence, .scheduledProcedureStepID], step)
            let holds = { (series: SeriesEntry) in
                series.attributes.items(.requestAttributesSequence).contains {
                    $0.string(.requestedProcedureID) == procedure.uppercased()
                        && $0.string(.scheduledProcedureStepID) == step
                }
            }
            return [SeriesWish(match: first, holds: holds), SeriesWish(match: second, holds: holds)]
        case 4:
            return [
                SeriesWish(match: match([.numberOfSeriesRelatedInstances], "2")) { $0.instanceCount == 2 }
            ]
        default:
            return []
        }
    }

    @Test("finds what matches, newest study first, a page at a time", arguments: 0..<6)
    func agree(seed: Int) async throws {
        var generator = WishGenerator(seed: seed + 100)
        try await withCatalog { store, _ in
            let radiology = try #require(StoreName("radiology"))
            let entries = try (0..<60).map { try Self.entry($0, &generator) }
            try await store.put(entries, in: radiology)
            let all = try await store.search(StudyQuery(stores: [radiology], limit: 1_000)).studies
            let byUID = Dictionary(uniqueKeysWithValues: entries.map { ($0.study, $0) })

            for _ in 0..<20 {
                let series = Self.wish(&generator)
                let studies = generator.chance(2) ? generator.wishes() : []
                let expected = try all.flatMap { study -> [String] in
                    let entry = try #require(byUID[study.study])
                    let kept = Wish.Kept(
                        store: radiology,
                        entry: entry,
                        change: study.change,
                        updatedAt: study.updatedAtMilliseconds
                    )
                    guard studies.allSatisfy({ $0.holds(kept) }) else { return [] }
                    return (entry.series ?? []).filter { one in series.allSatisfy { $0.holds(one) } }
                        .map { "\(entry.study)/\($0.series)" }
                }
                var query = SeriesQuery(
                    stores: [radiology],
                    studyConditions: studies.map(\.condition),
                    seriesConditions: series.map(\.match),
                    limit: 7
                )
                query.offset = Int.random(in: 0...expected.count + 1, using: &generator.random)
                let page = try await store.searchSeries(query)
                let found = page.series.map { "\($0.study.study)/\($0.series.series)" }
                #expect(found == Array(expected.dropFirst(query.offset).prefix(7)), "\(query)")
                #expect(page.hasMore == (expected.count > query.offset + 7))
            }
        }
    }

    @Test("a search that looks at too many series is refused")
    func bounded() async throws {
        var effort = SearchEffort()
        effort.examinedMax = 50
        try await withCatalog(effort: effort) { store, _ in
            let radiology = try #require(StoreName("radiology"))
            try await store.put((1...60).map { try .made("1.2.\($0)", modalities: ["CT"]) }, in: radiology)
            let match = AttributeMatch(path: [.seriesDescription], test: .anyOf(["none"]))

            let error = await #expect(throws: CollimatorError.self) {
                try await store.searchSeries(
                    SeriesQuery(stores: [radiology], seriesConditions: [match], limit: 10)
                )
            }
            #expect(error?.code == .unprocessable)
        }
    }
}
