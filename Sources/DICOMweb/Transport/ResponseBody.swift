import AsyncHTTPClient
public import NIOCore

/// The body of an answer as it comes; it can be read once.
///
/// Letting go of it before its end gives up the connection. Reading slowly makes the server send slowly. The deadline
/// of the call is looked at with each piece; silence between pieces is ended by the idle timeout of the HTTP client.
public struct ResponseBody: AsyncSequence, Sendable {
    /// Some bytes.
    public typealias Element = ByteBuffer

    private let base: HTTPClientResponse.Body
    let deadline: ContinuousClock.Instant

    init(_ base: HTTPClientResponse.Body, deadline: ContinuousClock.Instant) {
        self.base = base
        self.deadline = deadline
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: self.base.makeAsyncIterator(), deadline: self.deadline)
    }

    /// Reads the body as a whole.
    ///
    /// - Parameter bytesMax: The size beyond which it is refused.
    /// - Returns: The bytes.
    /// - Throws: ``DICOMwebError``, ``DICOMwebError/limit(_:)`` where the body is larger.
    public func collect(upTo bytesMax: Int) async throws -> ByteBuffer {
        try await withDeadline(self.deadline) {
            var whole = ByteBuffer()
            for try await chunk in self {
                guard whole.readableBytes + chunk.readableBytes <= bytesMax else {
                    throw DICOMwebError.limit(.bodyBytes)
                }
                whole.writeImmutableBuffer(chunk)
            }
            return whole
        }
    }

    /// Reads what is left, within a bound, so that the connection can be used again.
    func discard(upTo bytesMax: Int = 64 * 1024) async {
        do {
            _ = try await self.collect(upTo: bytesMax)
        } catch {
            // The connection is closed instead.
        }
    }

    /// Reads the body piece by piece.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: HTTPClientResponse.Body.AsyncIterator
        fileprivate let deadline: ContinuousClock.Instant

        /// The next bytes, none at the end.
        ///
        /// - Returns: The bytes.
        /// - Throws: ``DICOMwebError``, or `CancellationError`.
        public mutating func next() async throws -> ByteBuffer? {
            guard ContinuousClock.now < self.deadline else { throw DICOMwebError.timeout }
            do {
                guard let chunk = try await self.base.next() else {
                    // A cancelled task sees the end of the stream: it must not take it for the end of the body.
                    try Task.checkCancellation()
                    return nil
                }
                return chunk
            } catch {
                throw TransportFailure.translate(error)
            }
        }
    }
}

/// Runs the work and gives up when the deadline has passed.
func withDeadline<Result: Sendable>(
    _ deadline: ContinuousClock.Instant,
    _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(until: deadline, clock: .continuous)
            throw DICOMwebError.timeout
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
