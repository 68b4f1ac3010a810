import CollimatorCore
import DICOMweb
import Persistence
import Testing

@testable import Catalog

@Suite("Studies of a value in memory")
struct StudySetsTests {
    @Test("a set has what was put, taken out or far away")
    func bits() {
        var set = StudySet(change: 1)
        for study: Int64 in [1, 63, 64, 1_000_000] { set.insert(study) }
        #expect(set.contains(1) && set.contains(63) && set.contains(64) && set.contains(1_000_000))
        #expect(!set.contains(0) && !set.contains(2) && !set.contains(65) && !set.contains(2_000_000))
        set.remove(64)
        set.remove(5_000_000)
        #expect(!set.contains(64) && set.contains(63))
    }

    @Test("searches see every change of a study's modalities at once, whatever is kept in memory")
    func following() async throws {
        var effort = SearchEffort()
        effort.candidatesBeforeSets = 0
        try await withCatalog(effort: effort) { catalog, _ in
            let radiology = try #require(StoreName("radiology"))
            func entry(_ number: Int, _ modalities: [String]) throws -> StudyEntry {
                try StudyEntry.made("1.2.\(number)", [(.patientName, "Doe^\(number)")], modalities: modalities)
            }
            func found(_ modalities: [String]) async throws -> [String] {
                let page = try await catalog.search(
                    StudyQuery(
                        stores: [radiology],
                        visibility: .everything,
                        conditions: [.words(.patientName, ["doe"]), .anyOf(.modality, modalities)],
                        limit: 100
                    )
                )
                #expect(page.total == .exact(page.studies.count))
                return page.studies.map(\.study.rawValue).sorted()
            }
            try await catalog.put(
                [try entry(1, ["CT"]), try entry(2, ["MR"]), try entry(3, ["CT", "SR"])],
                in: radiology
            )
            #expect(try await found(["CT"]) == ["1.2.1", "1.2.3"])
            #expect(try await found(["CT", "mr"]) == ["1.2.1", "1.2.2", "1.2.3"])
            #expect(try await found([]).isEmpty)
            try await catalog.put([try entry(2, ["CT"]), try entry(1, ["MR"]), try entry(4, ["CT"])], in: radiology)
            #expect(try await found(["CT"]) == ["1.2.2", "1.2.3", "1.2.4"])
            #expect(try await found(["MR"]) == ["1.2.1"])
            let four = try #require(StudyUID("1.2.4"))
            try await catalog.remove(four, from: radiology)
            #expect(try await found(["CT"]) == ["1.2.2", "1.2.3"])
        }
    }

    @Test("a read of an older state is not answered from a later one")
    func older() async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            let sets = StudySets()
            @Sendable func budget() -> SearchBudget { SearchBudget(rows: 1_000, time: .seconds(60)) }
            try await catalog.put([try StudyEntry.made("1.2.1", modalities: ["CT"])], in: radiology)
            let first = try await database.read { try sets.studies(with: "ct", of: .modality, on: $0, budget()) }
            #expect(first?.contains(1) == true)
            try await catalog.put([try StudyEntry.made("1.2.2", modalities: ["CT"])], in: radiology)
            let second = try await database.read { try sets.studies(with: "ct", of: .modality, on: $0, budget()) }
            #expect(second?.contains(2) == true)
            let old = try await database.read { connection in
                try sets.studies(with: "ct", of: .modality, on: EarlierConnection(connection), budget())
            }
            #expect(old == nil)
        }
    }

    /// A connection in whose state nothing has changed yet.
    private struct EarlierConnection: SQLConnection {
        let base: any SQLConnection

        init(_ base: any SQLConnection) {
            self.base = base
        }

        func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try self.base.execute(sql, arguments) }

        func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
            guard sql.contains("FROM counter") else { return try self.base.forEach(sql, arguments, body) }
            try body(SQLRow(values: [.integer(0)]))
        }
    }
}
