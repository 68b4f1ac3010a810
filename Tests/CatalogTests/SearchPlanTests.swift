@testable import Catalog
import CollimatorCore
import DICOMweb
import Persistence
import TestSupport
import Testing

@Suite("Plans of searches")
struct SearchPlanTests {
    @Test("each kind of search goes about it by the right index, and none reads or sorts a whole table")
    func plans() async throws {
        try await GeneratedCatalog.with { catalog in
            for expectation in try PlanExpectation.all(catalog) {
                let (plan, steps, slow) = try await catalog.database.read { connection in
                    let explaining = ExplainingConnection(connection)
                    let run = try #require(
                        try StudySearchRun(expectation.query, effort: SearchEffort(), on: explaining)
                    )
                    let plan = try SearchPlanner(run).plan().name
                    _ = try run.page()
                    return (plan, explaining.steps, explaining.slowSteps)
                }
                #expect(plan == expectation.plan, "\(expectation.name)")
                #expect(slow.isEmpty, "\(expectation.name)")
                #expect(
                    steps.contains { $0.contains("USING \(expectation.index)") },
                    "\(expectation.name): \(steps)"
                )
            }
            try await Self.series(catalog)
        }
    }

    @Test("what is known in memory of two common words decides the plan")
    func known() async throws {
        try await GeneratedCatalog.with { catalog in
            let (chest, brain) = (StudyCondition.text(["chest"]), StudyCondition.text(["brain"]))
            let smith = StudyCondition.words(.patientName, ["smith"])
            let rows: [(conditions: [StudyCondition], key: StudyOrder.Key, plan: String, total: StudyPage.Total)] = [
                ([chest, brain], .moment, "candidates that are known", .exact(0)),
                ([chest, smith], .patientName, "candidates that are known", .exact(669)),
                ([chest, .anyOf(.modality, ["CT"])], .moment, "walk along a value", .atLeast(1_000)),
                // Of far more than are counted among, few are of the day.
                ([brain, .days(from: 20_260_105, to: 20_260_105)], .moment, "walk", .exact(192)),
            ]
            let sets = StudySets(windowRows: 1_000)
            var effort = SearchEffort()
            effort.setTime = .seconds(60)
            for (conditions, key, expected, total) in rows {
                let order = StudyOrder(key, isDescending: true)
                let query = StudyQuery(
                    stores: [catalog.radiology, catalog.trial],
                    visibility: .everything,
                    conditions: conditions,
                    order: order,
                    limit: 100
                )
                let (plan, page, slow) = try await catalog.database.read { [effort] connection in
                    let explaining = ExplainingConnection(connection)
                    let run = try #require(try StudySearchRun(query, effort: effort, on: explaining, sets: sets))
                    return (try SearchPlanner(run).plan().name, try run.page(), explaining.slowSteps)
                }
                #expect(plan == expected && page.total == total, "\(conditions)")
                #expect(slow.isEmpty, "\(slow)")
            }
        }
    }

    private static func series(_ catalog: GeneratedCatalog) async throws {
        let uid = AttributeMatch(path: [.seriesInstanceUID], test: .anyOf(["1.2.840.77.1"]))
        let modality = AttributeMatch(path: [.modality], test: .anyOf(["XA"]))
        let study = StudyCondition.anyOf(.studyInstanceUID, ["1.2.840.77"])
        let queries: [(query: SeriesQuery, index: String, found: Int)] = [
            (SeriesQuery(stores: [catalog.radiology], seriesConditions: [uid], limit: 10), "seriesByUID", 1),
            (SeriesQuery(stores: [catalog.radiology], studyConditions: [study], limit: 10), "studyByUID", 1),
            (SeriesQuery(stores: [catalog.radiology], seriesConditions: [modality], limit: 5), "studyValueByValue", 5),
        ]
        for (query, index, found) in queries {
            let (count, steps, slow) = try await catalog.database.read { connection in
                let explaining = ExplainingConnection(connection)
                let run = try #require(try SeriesSearchRun(query, effort: SearchEffort(), on: explaining))
                return (try run.page().series.count, explaining.steps, explaining.slowSteps)
            }
            #expect(count == found)
            #expect(slow.isEmpty)
            #expect(steps.contains { $0.contains("INDEX \(index)") }, "\(steps)")
        }
    }
}

/// A query, how the catalog should go about it, and by which index.
struct PlanExpectation {
    let name: String
    let query: StudyQuery
    let plan: String
    let index: String

    private static let values = "COVERING INDEX studyValueByValue (attribute=? AND value"
    private static let moments = "COVERING INDEX studyByMoment (store=? AND moment"

    static func all(_ catalog: GeneratedCatalog) throws -> [PlanExpectation] {
        try self.byValue(catalog) + self.byOrder(catalog)
    }

    private static func query(
        _ catalog: GeneratedCatalog,
        _ conditions: [StudyCondition],
        _ key: StudyOrder.Key = .moment
    ) -> StudyQuery {
        let order = StudyOrder(key, isDescending: true)
        return StudyQuery(stores: [catalog.radiology], conditions: conditions, order: order, limit: 50)
    }

    /// Rare things are listed and checked.
    private static func byValue(_ catalog: GeneratedCatalog) throws -> [PlanExpectation] {
        let patient = AttributeMatch(path: [.patientID], test: .anyOf(["MRN-7"]))
        let birth = AttributeMatch(path: [.patientBirthDate], test: .range(from: "19400101", to: "1940"))
        let prefix = try #require(WildcardPattern("zy*"))
        let quiet = StudyCondition.days(from: 20_200_105, to: 20_200_111)
        let uids = StudyCondition.anyOf(.studyInstanceUID, (1...400).map { "1.2.840.\($0 * 7)" })
        let rows: [(String, [StudyCondition], String, String)] = [
            ("rare name", [.words(.patientName, ["zyx"])], "candidates by value", Self.values),
            ("prefix", [.pattern(.patientName, prefix)], "candidates by value", Self.values),
            ("rare and common name", [.words(.patientName, ["zyx", "given"])], "candidates by value", Self.values),
            ("patient", [.attribute(patient)], "candidates by value", Self.values),
            ("accession number", [.anyOf(.accessionNumber, ["A77"])], "candidates by value", Self.values),
            ("free text", [.text(["zyx", "chest"])], "candidates by value", Self.values),
            ("identifier in free text", [.text(["mrn-7"])], "candidates by value", Self.values),
            ("year of birth", [.attribute(birth)], "candidates by value", Self.values),
            ("rare modality", [.anyOf(.modality, ["XA", "NM"])], "candidates by value", Self.values),
            ("modality and day", [quiet, .anyOf(.modality, ["CT"])], "candidates by value", Self.values),
            ("UIDs", [uids], "candidates by UID", "INDEX studyByUID (store=? AND uid=?)"),
            (
                "changed since", [.changedAfter(19_900)], "candidates by change",
                "INDEX studyByChange (store=? AND change>"
            ),
            (
                "updated since", [.updatedSince(milliseconds: .max)], "candidates by change",
                "INDEX studyByUpdate (store=? AND updatedAt>"
            ),
        ]
        return rows.map { name, conditions, plan, index in
            PlanExpectation(name: name, query: self.query(catalog, conditions), plan: plan, index: index)
        }
    }

    /// Common things fill a page soon along the order.
    private static func byOrder(_ catalog: GeneratedCatalog) throws -> [PlanExpectation] {
        let ct = StudyCondition.anyOf(.modality, ["CT"])
        let smith = StudyCondition.words(.patientName, ["smith"])
        let week = StudyCondition.days(from: 20_260_105, to: 20_260_111)
        let prefix = try #require(WildcardPattern("name1*"))
        let rows: [(String, [StudyCondition], StudyOrder.Key, String, String)] = [
            ("everything", [], .moment, "walk", self.moments),
            ("common name", [smith], .moment, "walk", self.moments),
            ("common prefix", [.pattern(.patientName, prefix)], .moment, "walk", self.moments),
            ("common words", [.text(["smith", "chest"])], .moment, "walk", self.moments),
            ("busy week", [week], .moment, "walk", self.moments),
            ("by name", [], .patientName, "walk", "COVERING INDEX studyByName (store=? AND sortName"),
            ("modality by name", [ct], .patientName, "walk", "COVERING INDEX studyByName (store=? AND sortName"),
            ("by change", [], .change, "walk", "COVERING INDEX studyByChange (store=? AND change"),
            ("modality", [ct], .moment, "walk along a value", "\(self.values)=? AND moment"),
            ("modality and name", [ct, smith], .moment, "walk along a value", "\(self.values)=? AND moment"),
        ]
        var expectations = rows.map { name, conditions, key, plan, index in
            PlanExpectation(name: name, query: self.query(catalog, conditions, key), plan: plan, index: index)
        }
        var deep = self.query(catalog, [])
        deep.after = ListPosition(key: .number(20_150_101_103_000), study: 100)
        expectations.append(PlanExpectation(name: "deep page", query: deep, plan: "walk", index: self.moments))
        var few = self.query(catalog, [ct])
        few.stores = [catalog.trial]
        expectations.append(PlanExpectation(name: "small store", query: few, plan: "walk", index: self.moments))
        few.stores = [catalog.trial, catalog.radiology]
        expectations.append(
            PlanExpectation(name: "all stores", query: few, plan: "walk along a value", index: self.values)
        )
        return expectations
    }
}

extension SearchPlan {
    /// What it is called here.
    var name: String {
        switch self {
        case .candidates(.values): "candidates by value"
        case .candidates(.days): "candidates by day"
        case .candidates(.changes): "candidates by change"
        case .candidates(.uids): "candidates by UID"
        case .candidates(.studies): "candidates by number"
        case .candidates(.visible): "candidates by what is seen"
        case .candidates(.members): "candidates that are known"
        case .walk: "walk"
        case .valueWalk: "walk along a value"
        }
    }
}
