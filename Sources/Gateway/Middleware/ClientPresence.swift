import NIOCore

/// Said to the connection when work begins that is for its client alone.
struct ClientAwaited: Sendable {
    /// Called before the answer has been written where the client has closed its side for ``GatewayLimits/leavingGrace``, and
    /// at once where the connection ends.
    let clientLeft: @Sendable () -> Void
}

/// The client has gone before it was answered: no failure of anybody, and nobody reads what is said of it.
struct ClientGone: Error {}

/// Does what is for the client of the connection alone, and cancels it where the client goes before it is done: nobody
/// would read the answer, and others wait for what it takes.
///
/// - Throws: what the work throws; ``ClientGone`` where the client has gone.
func whileClientWaits<Answer: Sendable>(
    on channel: any Channel,
    _ work: @escaping @Sendable () async throws -> Answer
) async throws -> Answer {
    let (presence, left) = AsyncStream<Never>.makeStream()
    channel.triggerUserOutboundEvent(ClientAwaited { left.finish() }, promise: nil)
    return try await withThrowingTaskGroup(of: Answer?.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await work() }
        group.addTask {
            // It has no elements: it ends where the client has left, and where the work is done.
            for await _ in presence {}
            return nil
        }
        if case .some(.some(let answer)) = try await group.next() { return answer }
        // The watch has ended first: the client has gone, or the request was cancelled as a whole.
        group.cancelAll()
        do {
            if case .some(.some(let answer)) = try await group.next() { return answer }
        } catch  where !Task.isCancelled {
            // However the work says that it was cut short.
            throw ClientGone()
        }
        throw CancellationError()
    }
}
