@testable import Catalog
import CollimatorCore
import Persistence
import Testing

/// Passes statements on to the database and keeps how it means to run each.
final class ExplainingConnection: SQLConnection {
    private let base: any SQLConnection
    private(set) var plans: [String: [String]] = [:]
    /// How many statements were run, and the most arguments that one of them had.
    private(set) var runCount = 0
    private(set) var argumentsMax = 0

    init(_ base: any SQLConnection) {
        self.base = base
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try self.base.execute(sql, arguments) }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        self.runCount += 1
        self.argumentsMax = max(self.argumentsMax, arguments.count)
        if self.plans[sql] == nil {
            self.plans[sql] = try self.base.query("EXPLAIN QUERY PLAN " + sql, arguments).map { try $0.text(3) }
        }
        try self.base.forEach(sql, arguments, body)
    }

    /// Every step of every statement.
    var steps: [String] { self.plans.sorted { $0.key < $1.key }.flatMap(\.value) }

    /// Steps that read a whole table or index of studies, values or series, or sort.
    var slowSteps: [String] {
        self.steps.filter { step in
            step.contains("TEMP B-TREE")
                || ["s", "v", "r", "study", "studyValue", "series"].contains { table in
                    step == "SCAN \(table)" || step.hasPrefix("SCAN \(table) USING")
                }
        }
    }
}
