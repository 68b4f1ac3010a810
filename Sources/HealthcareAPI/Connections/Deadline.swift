/// Runs the operation and cancels it when the time is up.
///
/// The deadline of AsyncHTTPClient ends with the head of the answer: a body may drip for ever.
/// - Returns: Nil where the time was up first.
func withDeadline<Result: Sendable>(
    _ duration: Duration,
    _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        defer { group.cancelAll() }

        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: duration)
            return nil
        }
        return try await group.next() ?? nil
    }
}
