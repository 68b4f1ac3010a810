import NIOCore

/// Said to the connection when work begins that is for its client alone.
struct ClientAwaited: Sendable {
    /// Called where the client has closed its side for ``GatewayLimits/leavingGrace``, or the connection ends, before the answer
    /// has been written.
    let clientLeft: @Sendable () -> Void
}

/// Does what is for the client of the connection alone, and cancels it where the client goes before it is done: nobody
/// would read the answer, and others wait for what it takes.
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
        while let done = try await group.next() {
            if let answer = done { return answer }
            group.cancelAll()
        }
        throw CancellationError()
    }
}
