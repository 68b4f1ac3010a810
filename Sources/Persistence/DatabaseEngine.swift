/// What a driver of one kind of database does for `Database`.
protocol DatabaseEngine: Sendable {
    /// Runs the closure in a read transaction.
    func read<Answer: Sendable>(_ body: @Sendable (any SQLConnection) throws -> Answer) async throws -> Answer
    /// Runs the closure in a write transaction.
    func write<Answer: Sendable>(_ body: @Sendable (any SQLConnection) throws -> Answer) async throws -> Answer
    func checkpoint() async throws
    func close() async throws
}
