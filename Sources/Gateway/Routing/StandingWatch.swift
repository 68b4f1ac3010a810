import CollimatorCore
import Hummingbird
import Identity
import NIOCore

/// Ends answers that go on for long when their caller would not be let in any more: it was suspended, its key was
/// revoked, or its credential has ended.
///
/// It looks every second, whether bytes flow or not, and cuts the connection, so that nobody takes a part for the whole.
/// Answers that are short are not watched: they are gone before anybody can look.
struct StandingWatch: Sendable {
    /// Whether the caller would be let in now; asking costs a look-up.
    let stands: @Sendable (_ caller: Caller) -> Bool
    /// Waits, so that tests need not.
    var sleep: @Sendable (_ duration: Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// How often it looks.
    static let lookout = Duration.seconds(1)
    /// The longest answer of known length that is not watched, in bytes.
    static let unwatchedBytesMax = 256 * 1024

    /// The same answer, watched while it is written to the connection.
    func watching(_ response: Response, for caller: Caller, on channel: any Channel) -> Response {
        let length = response.body.contentLength
        guard length.map({ $0 > Self.unwatchedBytesMax }) ?? true else { return response }
        let body = response.body
        var response = response
        response.body = ResponseBody(contentLength: length) { writer in
            // It may be on its way for long: on the thread of the connection others would wait for it.
            try await withTaskExecutorPreference(globalConcurrentExecutor) {
                try await self.writing(for: caller, cut: { channel.close(promise: nil) }) {
                    try await body.write(writer)
                }
            }
        }
        return response
    }

    /// Writes, and cuts the writing off where the caller stands no longer.
    func writing(
        for caller: Caller,
        cut: @escaping @Sendable () -> Void,
        _ write: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while self.stands(caller) { try await self.sleep(Self.lookout) }
                cut()
            }
            defer { group.cancelAll() }

            try await write()
        }
    }
}
