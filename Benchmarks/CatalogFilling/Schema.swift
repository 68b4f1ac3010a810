import Persistence

/// The tables and indices of a catalog, as statements, and by what its studies are found.
struct Schema: Sendable {
    private let statements: [(name: String, sql: String)]
    /// Of a small catalog, to compare.
    private let keys: [String]

    init(of database: Database, withKeys: Bool = false) async throws {
        self.keys = try await database.read { connection in
            guard withKeys else { return [] }
            let sql = "SELECT attribute, value FROM studyValue ORDER BY study, attribute, value"
            return try connection.query(sql).map { "\(try $0.integer(0)) \(try $0.text(1))" }
        }
        self.statements = try await database.read { connection in
            try connection.query("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
                .map { (name: try $0.text(0), sql: try $0.text(1)) }
        }
    }

    /// All of it, to compare.
    var text: String { (self.statements.map(\.sql) + self.keys).joined(separator: "\n") }

    /// Drops the indices that only searches need.
    func dropIndices(of database: Database) async throws {
        try await database.write { connection in
            for index in self.indices { try connection.execute("DROP INDEX IF EXISTS \(index.name)") }
        }
    }

    /// Makes those that are not there, also after a run that was cut.
    func makeIndices(of database: Database) async throws {
        let there = Set(try await Schema(of: database).indices.map(\.name))
        for index in self.indices where !there.contains(index.name) {
            StandardError.write("index \(index.name)\n")
            try await database.write { _ = try $0.execute(index.sql) }
        }
    }

    /// What is unique is a rule, not only a way to search.
    private var indices: [(name: String, sql: String)] {
        self.statements.filter { $0.sql.hasPrefix("CREATE INDEX") }
    }
}
