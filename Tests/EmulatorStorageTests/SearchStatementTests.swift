@testable import EmulatorStorage
import Persistence
import Testing

@Suite("Statements of searches")
struct SearchStatementTests {
    private static let conditions: [SearchCondition] = [
        .equals(.studyUID, "1.2"), .equals(.patientName, "a"), .equals(.patientNameGroups, "a=b"),
        .equals(.patientID, "a"), .equals(.accessionNumber, "a"), .equals(.referringPhysicianName, "a"),
        .equals(.referringPhysicianNameGroups, "a=b"), .equals(.studyDate, "20260101"),
        .date(from: "20260101", through: "20261231"), .namePrefix("a"), .equals(.seriesUID, "1.2"),
        .equals(.modality, "CT"), .equals(.instanceUID, "1.2"), .never,
    ]

    @Test("go through an index only, and sort nothing, whatever leads and whatever follows")
    func plans() async throws {
        try await ArchiveFixture.with { fixture in
            for level in SearchLevel.allCases {
                let possible = Self.conditions.filter { $0.level <= level }
                for lead in [nil] + possible.filter({ $0 != .never }) {
                    for rest in [[]] + possible.map({ [$0] }) + [possible] {
                        let statement = SearchStatement(level: level, store: 1, lead: lead, rest: rest, page: (10, 0))
                        let plan = try await fixture.plan(statement)
                        let faults = plan.filter { !$0.hasPrefix("SEARCH ") && !Self.isHarmless($0) }
                        #expect(faults.isEmpty, "\(level) \(String(describing: lead)) \(rest): \(plan)")
                    }
                }
            }
        }
    }

    @Test("count candidates through the same index")
    func estimates() async throws {
        try await ArchiveFixture.with { fixture in
            for condition in Self.conditions where condition != .never {
                let plan = try await fixture.plan(SearchStatement(counting: condition, store: 1, upTo: 100))
                #expect(
                    plan.allSatisfy { $0.hasPrefix("SEARCH ") || $0.hasPrefix("CO-ROUTINE") || $0 == "SCAN counted" }
                )
            }
        }
    }

    @Test("begin with the condition that the fewest rows answer to")
    func lead() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.archive.importSynthetic(
                SyntheticContent(studies: 0..<300, seriesPerStudy: 1, instancesPerSeries: 1),
                into: fixture.store
            )
            let rare = SearchMatch.equals(.patientID, "P7")
            let common = SearchMatch.studyDate(from: "20000101", through: "20991231")
            for match in [[rare, common], [common, rare]] {
                let search = ArchiveSearch(store: fixture.store, level: .series, match: match, dicomWebRoot: "")
                let plan = try await fixture.archive.reading { connection in
                    let statement = try SearchPlan.statement(search, store: 1, connection)
                    return try connection.query("EXPLAIN QUERY PLAN \(statement.sql)", statement.arguments)
                        .map { try $0.text(3) }
                }
                #expect(plan.first?.contains("studyByPatientID") == true, "\(plan)")
            }
        }
    }

    /// The lines of a plan that are about the form of the statement and read nothing.
    private static func isHarmless(_ line: String) -> Bool {
        line.hasPrefix("CORRELATED SCALAR SUBQUERY")
    }
}

@Suite("Statements that run beside searches")
struct OtherStatementTests {
    @Test(
        "do not scan a table",
        arguments: [
            "SELECT id FROM study WHERE listing IS NULL ORDER BY id",
            "SELECT id, study FROM series WHERE listing IS NULL ORDER BY id",
            "SELECT id FROM dicomStore WHERE dataset IS NULL LIMIT 1",
            "SELECT id FROM study WHERE store = 1 LIMIT 1",
            "DELETE FROM instance WHERE id = 1",
            "DELETE FROM series WHERE study = 1",
            "DELETE FROM study WHERE id = 1",
            "SELECT id FROM instance WHERE study = 1 AND series = 2 AND id > 3 ORDER BY id LIMIT 4",
            "SELECT id FROM operation WHERE isDone = 0 ORDER BY id",
        ]
    )
    func plans(sql: String) async throws {
        try await ArchiveFixture.with { fixture in
            let plan = try await fixture.archive.reading { connection in
                try connection.query("EXPLAIN QUERY PLAN \(sql)").map { try $0.text(3) }
            }
            // A walk of a partial index is a scan of exactly the rows that are wanted.
            let faults = plan.filter {
                !$0.hasPrefix("SEARCH ") && !$0.contains("Unlisted") && !$0.contains("Unfinished")
            }
            #expect(faults.isEmpty)
        }
    }

    @Test("the sweep reads an index, not the rows")
    func sweep() async throws {
        try await ArchiveFixture.with { fixture in
            let plan = try await fixture.archive.reading { connection in
                try connection.query(
                    "EXPLAIN QUERY PLAN \(Sweep.pageSQL)",
                    [.integer(0), .integer(0), .integer(0), .integer(10)]
                ).map { try $0.text(3) }
            }
            #expect(plan.count == 1)
            #expect(plan.first?.hasPrefix("SEARCH instance USING COVERING INDEX instanceBySeries") == true)
        }
    }
}

extension ArchiveFixture {
    fileprivate func plan(_ statement: SearchStatement) async throws -> [String] {
        try await self.archive.reading { connection in
            try connection.query("EXPLAIN QUERY PLAN \(statement.sql)", statement.arguments).map { try $0.text(3) }
        }
    }
}
