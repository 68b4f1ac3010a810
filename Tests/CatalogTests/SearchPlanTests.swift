@testable import Catalog
import CollimatorCore
import DICOMweb
import Persistence
import TestSupport
import Testing

@Suite("Plans of searches")
struct SearchPlanTests {
    @Test("debug")
    func debug() async throws {
        try await GeneratedCatalog.with { catalog in
            for (name, query) in try Self.queries(catalog.radiology, catalog.trial) {
                let text = try await catalog.database.read { connection in
                    let explaining = ExplainingConnection(connection)
                    let run = try #require(try StudySearchRun(query, effort: SearchEffort(), on: explaining))
                    let planner = try SearchPlanner(run)
                    let page = try run.page()
                    return "\(name): \(planner.plan().name) found \(page.studies.count) total \(page.total)\n   "
                        + explaining.steps.joined(separator: "\n   ") + "\n SLOW \(explaining.slowSteps)"
                }
                print(text)
            }
        }
    }

    static func queries(_ radiology: StoreName, _ trial: StoreName) throws -> [(String, StudyQuery)] {
        func query(_ conditions: [StudyCondition], _ key: StudyOrder.Key = .moment) -> StudyQuery {
            StudyQuery(
                stores: [radiology],
                conditions: conditions,
                order: StudyOrder(key, isDescending: true),
                limit: 50
            )
        }
        var deep = query([])
        deep.after = ListPosition(key: .number(20_200_101_000_000), study: 100)
        var exact = query([.words(.patientName, ["smith"]), .anyOf(.modality, ["CT"])])
        exact.total = .exact
        var all = query([.anyOf(.modality, ["CT"])])
        all.stores = [radiology, trial]
        var few = query([.anyOf(.modality, ["CT"])])
        few.stores = [trial]
        return [
            ("rare name", query([.words(.patientName, ["zyx"])])),
            ("common name", query([.words(.patientName, ["smith"])])),
            ("prefix", query([.pattern(.patientName, try #require(WildcardPattern("name1*")))])),
            ("leading", query([.pattern(.patientName, try #require(WildcardPattern("*given7")))])),
            ("leading rare", query([.pattern(.patientName, try #require(WildcardPattern("*yx^given3")))])),
            ("busy week", query([.days(from: 20_260_105, to: 20_260_111)])),
            ("busy week by name", query([.days(from: 20_260_105, to: 20_260_111)], .patientName)),
            ("busy week + name", query([.days(from: 20_260_105, to: 20_260_111), .words(.patientName, ["smith"])])),
            ("quiet week + modality", query([.days(from: 20_200_105, to: 20_200_111), .anyOf(.modality, ["CT"])])),
            ("modality", query([.anyOf(.modality, ["CT"])])),
            ("modalities", query([.anyOf(.modality, ["CT", "XA"])])),
            ("uids", query([.anyOf(.studyInstanceUID, (1...400).map { "1.2.840.\($0 * 7)" })])),
            ("patient", query([.matching(AttributeMatch(path: [.patientID], test: .anyOf(["MRN-7"])))])),
            ("accession", query([.anyOf(.accessionNumber, ["A77"])])),
            ("text", query([.text(["smith", "chest"])])),
            ("text rare", query([.text(["zyx", "given3"])])),
            (
                "birth",
                query([
                    .attribute(
                        AttributeMatch(path: [.patientBirthDate], test: .range(from: "19400101", to: "19401231"))
                    )
                ])
            ),
            ("count", query([.attribute(AttributeMatch(path: [.numberOfStudyRelatedInstances], test: .anyOf(["1"])))])),
            ("deep", deep),
            ("by name", query([], .patientName)),
            ("by name CT", query([.anyOf(.modality, ["CT"])], .patientName)),
            ("by change", query([.changedAfter(19_000)], .change)),
            ("changed", query([.changedAfter(19_900)])),
            ("updated", query([.updatedSince(milliseconds: 1)])),
            ("exact", exact),
            ("all stores", all),
            ("small store", few),
        ]
    }
}

extension SearchPlan {
    var name: String {
        switch self {
        case .candidates(.values): "candidates by value"
        case .candidates(.days): "candidates by day"
        case .candidates(.changes): "candidates by change"
        case .candidates(.studies): "candidates by number"
        case .candidates(.uids): "candidates by UID"
        case .walk: "walk"
        case .valueWalk: "walk along a value"
        }
    }
}
