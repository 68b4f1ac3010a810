import CollimatorCore
import DICOMweb
import Hummingbird
import NIOCore
import Synchronization

/// A request body on its way up, counted: one that is longer than allowed, or ends before its declared length, fails.
struct UploadBody: Sendable {
    let upstream: UpstreamRequest.Body
    private let fault = Fault()

    /// Throws `too-large` at once where the declared length is over the limit.
    init(_ request: Request, bytesMax: Int) throws(CollimatorError) {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if let length, length > bytesMax { throw Self.tooLarge }
        let counted = CountedBytes(base: request.body, length: length, bytesMax: bytesMax, fault: self.fault)
        self.upstream = UpstreamRequest.Body(bytes: counted, length: length)
    }

    /// Runs the exchange; where it failed because of the body, the body's fault is what the client hears of.
    func translatingFailure<Result>(_ exchange: () async throws -> Result) async throws -> Result {
        do {
            return try await exchange()
        } catch {
            throw self.fault.first ?? error
        }
    }

    static var tooLarge: CollimatorError {
        CollimatorError(
            .tooLarge,
            "an upload is longer than allowed",
            publicDetail: "The body is longer than this service accepts in one request."
        )
    }

    /// The first fault of the body, kept because the HTTP client wraps or replaces what its body throws.
    final class Fault: Sendable {
        private let stored = Mutex<CollimatorError?>(nil)

        var first: CollimatorError? { self.stored.withLock { $0 } }

        func note(_ error: CollimatorError) -> CollimatorError {
            self.stored.withLock { stored in
                stored = stored ?? error
            }
            return error
        }
    }
}

/// The chunks of a body, counted on the way.
private struct CountedBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: RequestBody
    let length: Int?
    let bytesMax: Int
    let fault: UploadBody.Fault

    func makeAsyncIterator() -> Iterator {
        Iterator(base: self.base.makeAsyncIterator(), length: self.length, bytesMax: self.bytesMax, fault: self.fault)
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let length: Int?
        let bytesMax: Int
        let fault: UploadBody.Fault
        var count = 0

        mutating func next() async throws -> ByteBuffer? {
            do {
                guard let chunk = try await self.base.next() else {
                    if let length = self.length, self.count != length { throw Self.truncated }
                    return nil
                }
                self.count += chunk.readableBytes
                guard self.count <= self.bytesMax else { throw UploadBody.tooLarge }
                return chunk
            } catch let error as CollimatorError {
                throw self.fault.note(error)
            } catch {
                throw self.fault.note(Self.truncated)
            }
        }

        private static var truncated: CollimatorError {
            CollimatorError(
                .invalidInput,
                "the body of an upload ended early",
                publicDetail: "The body ended before its length."
            )
        }
    }
}
