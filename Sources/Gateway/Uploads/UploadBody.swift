import CollimatorCore
import Hummingbird
import NIOCore

/// A request body on its way up, counted: one that is longer than allowed, or ends before its declared length, fails.
///
/// It is read once, in the handler's own tasks, which have ended when the handler answers: what the HTTP client gets is
/// the far end of a ``BytePipe``, and a body that nobody wants any more is left where it is.
struct UploadBody: Sendable {
    /// The declared length; nil where the client does not say.
    let length: Int?
    private let base: RequestBody
    private let bytesMax: Int

    /// Throws `too-large` at once where the declared length is over the limit.
    init(_ request: Request, bytesMax: Int) throws(CollimatorError) {
        self.length = request.headers[.contentLength].flatMap { Int($0) }
        if let length = self.length, length > bytesMax { throw Self.tooLarge }
        self.base = request.body
        self.bytesMax = bytesMax
    }

    /// The chunks, to be read once; the errors are ``CollimatorError``, or cancellation.
    var chunks: CountedBytes {
        CountedBytes(base: self.base, length: self.length, bytesMax: self.bytesMax)
    }

    /// Runs an exchange that sends the body on, and gives its answer.
    ///
    /// An answer that comes before the body has been sent ends the reading; a fault of the body ends the exchange and is
    /// what is thrown, whatever the exchange makes of it.
    func sending<Answer: Sendable>(
        buffering bufferBytesMax: Int,
        _ exchange: @escaping @Sendable (ByteStream) async throws -> Answer
    ) async throws -> Answer {
        let pipe = BytePipe(bytesMax: bufferBytesMax)
        let answer = await withTaskGroup(of: Result<Answer, any Error>?.self) { group in
            group.addTask {
                await self.pump(into: pipe)
                return nil
            }
            group.addTask {
                let result: Result<Answer, any Error>
                do {
                    result = .success(try await exchange(pipe.stream))
                } catch {
                    result = .failure(error)
                }
                pipe.cut()
                return result
            }
            var answer: Result<Answer, any Error>?
            for await ended in group {
                if let ended { answer = ended }
                // A body that has been sent as a whole is read to its end, which is there: the connection stays good.
                if ended != nil && !pipe.isFinished || pipe.failure != nil { group.cancelAll() }
            }
            return answer
        }
        if let failure = pipe.failure { throw failure }
        guard let answer else { throw CancellationError() }
        return try answer.get()
    }

    private func pump(into pipe: BytePipe) async {
        do {
            var count = 0
            for try await chunk in self.chunks {
                guard await pipe.send(chunk) else { return }
                count += chunk.readableBytes
                if count == self.length { pipe.finish() }
            }
            pipe.finish()
        } catch is CancellationError {
            pipe.cut()
        } catch {
            pipe.fail(error)
        }
    }

    static var tooLarge: CollimatorError {
        CollimatorError(
            .tooLarge,
            "an upload is longer than allowed",
            publicDetail: "The body is longer than this service accepts in one request."
        )
    }

    static var truncated: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the body of an upload ended early",
            publicDetail: """
                The body ended before its length. Files that had arrived as a whole may be stored; the one that was cut \
                is not. Sending all of them again is safe.
                """
        )
    }
}

/// The chunks of a body, counted on the way.
struct CountedBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    fileprivate let base: RequestBody
    fileprivate let length: Int?
    fileprivate let bytesMax: Int

    func makeAsyncIterator() -> Iterator {
        Iterator(base: self.base.makeAsyncIterator(), length: self.length, bytesMax: self.bytesMax)
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate var base: RequestBody.AsyncIterator
        fileprivate let length: Int?
        fileprivate let bytesMax: Int
        private var count = 0

        fileprivate init(base: RequestBody.AsyncIterator, length: Int?, bytesMax: Int) {
            self.base = base
            self.length = length
            self.bytesMax = bytesMax
        }

        mutating func next() async throws -> ByteBuffer? {
            let chunk: ByteBuffer?
            do {
                chunk = try await self.base.next()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw UploadBody.truncated
            }
            guard let chunk else {
                if let length = self.length, self.count != length { throw UploadBody.truncated }
                return nil
            }
            self.count += chunk.readableBytes
            guard self.count <= self.bytesMax else { throw UploadBody.tooLarge }
            return chunk
        }
    }
}
