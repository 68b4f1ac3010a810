import CollimatorCore
import DICOMweb
import Persistence
import TestSupport
import Testing

@testable import Catalog

@Suite("Lists of somebody who may see a hundred thousand studies by name")
struct ManyNamesTests {
    private static let count = 100_000

    /// What one search did.
    private struct Seen {
        let plan: String
        let page: StudyPage
        let runs: Int
        let argumentsMax: Int
        let steps: [String]
        let slow: [String]
    }

    private static func search(
        _ catalog: GeneratedCatalog,
        _ studies: NamedStudies,
        denied: NamedStudies = [:],
        _ conditions: [StudyCondition] = []
    ) async throws -> Seen {
        let seen = StoreVisibility(
            allowsAll: studies.isEmpty,
            allowed: StudySelection(studies: studies),
            denied: StudySelection(studies: denied)
        )
        let visible = CatalogVisibility([catalog.radiology: seen])
        let query = StudyQuery(stores: [catalog.radiology], visibility: visible, conditions: conditions, limit: 50)
        return try await catalog.database.read { connection in
            let explaining = ExplainingConnection(connection)
            let run = try #require(try StudySearchRun(query, effort: SearchEffort(), on: explaining))
            let plan = try SearchPlanner(run).plan().name
            let page = try run.page()
            return Seen(
                plan: plan,
                page: page,
                runs: explaining.runCount,
                argumentsMax: explaining.argumentsMax,
                steps: explaining.steps,
                slow: explaining.slowSteps
            )
        }
    }

    private static func named(_ uid: (Int) -> String) -> NamedStudies {
        NamedStudies(Dictionary((1...Self.count).map { (uid($0), StudyPart.whole) }) { first, _ in first })
    }

    @Test("look at as many studies as a page takes, name none of the others and read or sort nothing whole")
    func pages() async throws {
        try await GeneratedCatalog.with { catalog in
            // Every other study of the catalog, and many that are not there.
            let many = try await Self.search(catalog, Self.named { "1.2.840.\($0 * 2)" })
            #expect(many.plan == "walk")
            #expect(many.page.studies.count == 50)
            #expect(
                many.page.studies.allSatisfy {
                    Int($0.study.rawValue.split(separator: ".")[3])?.isMultiple(of: 2) == true
                }
            )
            #expect(many.page.total == .atLeast(1_000))
            #expect(many.slow.isEmpty, "\(many.slow)")
            #expect(many.argumentsMax <= 1_100)
            #expect(many.runs < 400, "a page of 50 looks at some hundred studies, and its total at one list of names")

            // What is denied is as many.
            let denied = try await Self.search(catalog, [:], denied: Self.named { "1.2.840.\($0 * 2)" })
            #expect(denied.page.studies.count == 50)
            #expect(
                denied.page.studies.allSatisfy {
                    Int($0.study.rawValue.split(separator: ".")[3])?.isMultiple(of: 2) == false
                }
            )
            #expect(denied.argumentsMax <= 1_100)
        }
    }

    @Test("are found by name where the first studies of the list are others', and hold what else is asked for")
    func sparse() async throws {
        try await GeneratedCatalog.with { catalog in
            let few = Self.named { $0 <= 3 ? "1.2.840.\($0 * 11)" : "1.2.999.\($0)" }
            let found = try await Self.search(catalog, few)
            #expect(Set(found.page.studies.map(\.study.rawValue)) == ["1.2.840.11", "1.2.840.22", "1.2.840.33"])
            #expect(found.page.total == .exact(3))
            #expect(found.steps.contains { $0.contains("INDEX studyByUID (store=? AND uid=?)") })
            #expect(found.slow.isEmpty, "\(found.slow)")
            #expect(found.argumentsMax <= 1_100)

            let asked = try await Self.search(catalog, few, [.anyOf(.accessionNumber, ["A21", "A22"])])
            #expect(asked.page.studies.map(\.study.rawValue) == ["1.2.840.22"])
            #expect(asked.page.total == .exact(1))

            let series = try await catalog.store.searchSeries(
                SeriesQuery(
                    stores: [catalog.radiology],
                    visibility: CatalogVisibility([
                        catalog.radiology: StoreVisibility(allowed: StudySelection(studies: few))
                    ]),
                    limit: 10
                )
            )
            #expect(series.series.count == 3)
        }
    }
}
