@testable import Catalog
import CollimatorCore
import DICOMweb
import Persistence
import TestSupport
import Testing

@Suite("What may be seen")
struct VisibilityTests {
    @Test("kept rows are what the evaluator says, in any order of changes", arguments: 0..<8)
    func keptRows(seed: Int) async throws {
        try await withCatalog { catalog, database in
            var generator = WishGenerator(seed: seed)
            let store = try #require(StoreName("radiology"))
            var kept: [StudyUID: StudyEntry] = [:]
            var selectors = Array(VisibilitySample.all.shuffled(using: &generator.random).prefix(6))
            for step in 0..<60 {
                switch Int.random(in: 0..<8, using: &generator.random) {
                case 0:
                    selectors = Array(VisibilitySample.all.shuffled(using: &generator.random).prefix(7))
                    try await catalog.setSelectors(selectors)
                case 1:
                    _ = try await catalog.select(limit: 3)
                case 2:
                    _ = try await catalog.deleteDropped(limit: 2)
                case 3:
                    if let gone = kept.keys.sorted().first {
                        try await catalog.remove(gone, from: store)
                        kept[gone] = nil
                    }
                default:
                    let entry = try generator.entry(Int.random(in: 0..<25, using: &generator.random))
                    try await catalog.put([entry], in: store)
                    kept[entry.study] = try await catalog.entry(of: entry.study, in: store)
                }
                // A start of the program in between, after which somebody writes before it is said what there is.
                if step == 30 { catalog.selectors.install(nil) }
            }
            try await catalog.setSelectors(selectors)
            while try await catalog.select(limit: 4) {}
            while try await catalog.deleteDropped(limit: 5) {}
            try await Self.compare(kept, selectors, database)
        }
    }

    private static func compare(
        _ kept: [StudyUID: StudyEntry],
        _ selectors: [StudySelector],
        _ database: Database
    ) async throws {
        var expected: Set<[String]> = []
        for entry in kept.values {
            for selector in selectors {
                switch selector.part(entry) {
                case .nothing: break
                case .whole: expected.insert([selector.key, entry.study.rawValue, "\(entry.moment.rawValue)"])
                case .series(let some):
                    let series = some.map(\.rawValue).sorted()
                    expected.insert([selector.key, entry.study.rawValue, "\(entry.moment.rawValue)"] + series)
                }
            }
        }
        let rows = try await database.read { connection in
            try connection.query(
                """
                SELECT k.key, s.uid, x.moment, x.series FROM selectedStudy x
                JOIN selector k ON k.id = x.selector JOIN study s ON s.id = x.study
                """
            ).map { row in
                let series = try row.textIfPresent(3)?.split(separator: "\\").map(String.init) ?? []
                return [try row.text(0), try row.text(1), "\(try row.integer(2))"] + series
            }
        }
        #expect(Set(rows) == expected)
        #expect(rows.count == expected.count)
    }

    @Test("until what is allowed or denied is worked out, less is shown and the page says so")
    func failsClosed() async throws {
        try await withCatalog { catalog, _ in
            let store = try #require(StoreName("radiology"))
            for number in 1...5 {
                let entry = try StudyEntry.made(
                    "1.2.\(number)",
                    [(.patientID, number == 1 ? "7" : "8")],
                    modalities: ["CT"]
                )
                try await catalog.put([entry], in: store)
            }
            let denying = StoreVisibility(allowsAll: true, denied: StudySelection(selectors: ["patient:7"]))
            let allowing = StoreVisibility(
                allowed: StudySelection(selectors: ["patient:7"], studies: ["1.2.4": .whole])
            )
            func found(_ visibility: StoreVisibility) async throws -> (uids: [String], page: StudyPage) {
                let order = StudyOrder(.change, isDescending: false)
                let visible = CatalogVisibility([store: visibility])
                let query = StudyQuery(stores: [store], visibility: visible, order: order, limit: 10)
                let page = try await catalog.search(query)
                return (page.studies.map(\.study.rawValue), page)
            }
            // Nobody has said that there is such a selector.
            #expect(try await found(denying).uids.isEmpty)
            #expect(try await !found(denying).page.isComplete)
            #expect(try await found(allowing).uids == ["1.2.4"])

            try await catalog.setSelectors([VisibilitySample.patient("7")])
            #expect(try await catalog.select(limit: 2))
            #expect(try await found(denying).uids.isEmpty)
            #expect(try await found(denying).page.total == .exact(0))
            #expect(try await found(allowing).uids == ["1.2.4"])
            #expect(try await !found(allowing).page.isComplete)

            while try await catalog.select(limit: 2) {}
            #expect(try await found(denying).uids == ["1.2.2", "1.2.3", "1.2.4", "1.2.5"])
            #expect(try await found(denying).page.total == .exact(4))
            #expect(try await found(denying).page.isComplete)
            #expect(try await found(allowing).uids == ["1.2.1", "1.2.4"])

            // It is dropped: who depends on it sees less at once.
            try await catalog.setSelectors([])
            #expect(try await found(denying).uids.isEmpty)
            #expect(try await found(allowing).uids == ["1.2.4"])
        }
    }

    @Test("a study of which some series are seen is shown with their modalities and counts only")
    func narrowed() async throws {
        try await withCatalog { catalog, _ in
            let store = try #require(StoreName("radiology"))
            try await catalog.setSelectors(VisibilitySample.all)
            while try await catalog.select(limit: 100) {}
            try await catalog.put([try StudyEntry.made("1.2.1", modalities: ["CT", "MR", "SR"])], in: store)
            let visible = CatalogVisibility([
                store: StoreVisibility(allowed: StudySelection(selectors: ["series:CT", "series:MR"]))
            ])
            let page = try await catalog.search(StudyQuery(stores: [store], visibility: visible, limit: 10))
            let study = try #require(page.studies.first)
            #expect(study.modalities == ["CT", "MR"])
            #expect(study.seriesCount == 2)
            #expect(study.visibleSeries?.count == 2)
            // Whoever may not see the report does not find the study by it.
            let reports = [StudyCondition.anyOf(.modality, ["SR"])]
            let hidden = StudyQuery(stores: [store], visibility: visible, conditions: reports, limit: 10)
            #expect(try await catalog.search(hidden).studies.isEmpty)
            #expect(try await catalog.search(hidden).total == .exact(0))
            let all = StudyQuery(stores: [store], visibility: .everything, conditions: reports, limit: 10)
            #expect(try await catalog.search(all).studies.count == 1)
            let series = SeriesQuery(stores: [store], visibility: visible, limit: 10)
            #expect(
                try await catalog.searchSeries(series).series.map { $0.series.attributes.string(.modality) } == [
                    "CT", "MR",
                ]
            )
        }
    }

    @Test("what the store says of all series of a study is kept from who sees some, unless it is worked out for these")
    func storesCounts() async throws {
        try await withCatalog { catalog, _ in
            let store = try #require(StoreName("radiology"))
            try await catalog.setSelectors(VisibilitySample.all)
            while try await catalog.select(limit: 100) {}
            var entry = try StudyEntry.made("1.2.1", modalities: ["CT", "SR"])
            entry.series?[0].instanceCount = nil
            entry.attributes.set(.sopClassesInStudy, "1.2.840.10008.5.1.4.1.1.88.33")
            entry.attributes.set(.numberOfStudyRelatedInstances, 12)
            try await catalog.put([entry], in: store)
            func shown(_ visibility: StoreVisibility) async throws -> DataSet {
                let visible = CatalogVisibility([store: visibility])
                let page = try await catalog.search(StudyQuery(stores: [store], visibility: visible, limit: 10))
                return try #require(page.studies.first).attributes
            }
            let some = try await shown(StoreVisibility(allowed: StudySelection(selectors: ["series:CT"])))
            #expect(some[.sopClassesInStudy] == nil && some[.numberOfStudyRelatedInstances] == nil)
            let all = try await shown(.everything)
            #expect(all[.sopClassesInStudy] != nil && all[.numberOfStudyRelatedInstances] != nil)
        }
    }

    @Test("lists of those who may see some are found by what they may see, and nothing whole is read or sorted")
    func plans() async throws {
        try await GeneratedCatalog.with { catalog in
            try await catalog.store.setSelectors([VisibilitySample.patient("MRN-7")])
            while try await catalog.store.select(limit: 2_000) {}
            let uids = (1...1_000).map { ("1.2.840.\($0 * 7)", StudyPart.whole) }
            let named = StudySelection(studies: NamedStudies(Dictionary(uids) { first, _ in first }))
            let picked = StudySelection(selectors: ["patient:MRN-7"])
            let lists: [(allowed: StudySelection, index: String)] = [
                (named, "INDEX studyByUID (store=? AND uid=?)"),
                (picked, "COVERING INDEX selectedStudyByMoment (selector=?)"),
            ]
            for (allowed, index) in lists {
                let visible = CatalogVisibility([catalog.radiology: StoreVisibility(allowed: allowed)])
                let query = StudyQuery(stores: [catalog.radiology], visibility: visible, limit: 50)
                let (plan, page, steps, slow) = try await catalog.database.read { connection in
                    let explaining = ExplainingConnection(connection)
                    let run = try #require(try StudySearchRun(query, effort: SearchEffort(), on: explaining))
                    let plan = try SearchPlanner(run).plan().name
                    return (plan, try run.page(), explaining.steps, explaining.slowSteps)
                }
                #expect(plan == "candidates by what is seen")
                #expect(slow.isEmpty, "\(slow)")
                #expect(steps.contains { $0.contains(index) }, "\(steps)")
                #expect(page.total == .exact(allowed.studies.isEmpty ? 3 : 1_000))
            }
        }
    }

    @Test("memory of single studies is as the catalog is, and bounded")
    func memory() async throws {
        try await withCatalog { catalog, database in
            let store = try #require(StoreName("radiology"))
            let other = try #require(StoreName("trial"))
            let memory = StudyMemory(of: catalog, capacity: 4) { $0.attributes.string(.patientID) ?? "" }
            let uids = try (1...9).map { try #require(StudyUID("1.2.\($0)")) }
            for uid in uids { try await catalog.put([try .made(uid.rawValue, [(.patientID, "A")])], in: store) }
            for uid in uids { #expect(try await memory.value(of: uid, in: store) == "A") }
            #expect(try await memory.value(of: uids[0], in: other) == nil)
            try await catalog.put([try .made("1.2.9", [(.patientID, "B")])], in: store)
            #expect(try await memory.value(of: uids[8], in: store) == "B")
            try await catalog.remove(uids[8], from: store)
            #expect(try await memory.value(of: uids[8], in: store) == nil)
            // Warm, it asks nobody.
            _ = try await memory.value(of: uids[1], in: store)
            try await database.close()
            #expect(try await memory.value(of: uids[1], in: store) == "A")
        }
    }
}
