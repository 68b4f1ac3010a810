import NIOCore
import Synchronization

/// Hands bytes from the one task that reads a request to the one that sends them on.
///
/// No more than a bound of bytes waits in it: the writer waits while it is full, the reader while it is empty. Each side
/// can end it for both, the writer with ``finish()`` or ``fail(_:)``, the reader with ``cut()``.
final class BytePipe: Sendable {
    private struct State {
        var chunks = CircularBuffer<ByteBuffer>()
        var bytes = 0
        var ending: Ending?
        var isCut = false
        var reader: CheckedContinuation<ByteBuffer?, any Error>?
        var writer: CheckedContinuation<Bool, Never>?
    }

    private enum Ending {
        case finished
        case failed(any Error)

        var isGood: Bool {
            if case .finished = self { true } else { false }
        }
    }

    private let state = Mutex(State())
    private let bytesMax: Int

    /// `bytesMax` is how much may wait in it; one chunk may go beyond.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Why the writer gave up; nil where it did not, or only after the reader had.
    var failure: (any Error)? {
        self.state.withLock { state in
            if case .failed(let error) = state.ending { error } else { nil }
        }
    }

    /// Whether the writer has sent everything.
    var isFinished: Bool { self.state.withLock { $0.ending?.isGood ?? false } }

    /// The reader's side, to be read once.
    var stream: ByteStream { Stream(pipe: self) }

    /// Takes a chunk, and waits where too much is in the pipe; `false` where nobody reads any more.
    func send(_ chunk: ByteBuffer) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.put(chunk, continuation)
            }
        } onCancel: {
            self.cut()
        }
    }

    private func put(_ chunk: ByteBuffer, _ writer: CheckedContinuation<Bool, Never>) {
        let (reader, isTaken): (CheckedContinuation<ByteBuffer?, any Error>?, Bool?) = self.state.withLock { state in
            guard !state.isCut else { return (nil, false) }
            if let reader = state.reader {
                state.reader = nil
                return (reader, true)
            }
            state.chunks.append(chunk)
            state.bytes += chunk.readableBytes
            guard state.bytes >= self.bytesMax else { return (nil, true) }
            state.writer = writer
            return (nil, nil)
        }
        reader?.resume(returning: chunk)
        if let isTaken { writer.resume(returning: isTaken) }
    }

    /// Everything was sent.
    func finish() {
        self.end(.finished)
    }

    /// What was to be sent cannot be: the reader gets the error after what is in the pipe.
    func fail(_ error: any Error) {
        self.end(.failed(error))
    }

    private func end(_ ending: Ending) {
        let reader = self.state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            guard !state.isCut, state.ending == nil else { return nil }
            state.ending = ending
            defer { state.reader = nil }
            return state.reader
        }
        switch ending {
        case .finished: reader?.resume(returning: nil)
        case .failed(let error): reader?.resume(throwing: error)
        }
    }

    /// Nobody wants the rest: what waits is dropped, and whoever waits is let go.
    ///
    /// Where there is no rest nothing is cut, so that a reader that is about to see the end still sees it.
    func cut() {
        let (reader, writer): (CheckedContinuation<ByteBuffer?, any Error>?, CheckedContinuation<Bool, Never>?) =
            self.state.withLock { state in
                let isAllTaken = state.ending?.isGood == true && state.chunks.isEmpty
                guard !isAllTaken else { return (nil, nil) }
                state.isCut = true
                state.chunks.removeAll(keepingCapacity: false)
                defer {
                    state.reader = nil
                    state.writer = nil
                }
                return (state.reader, state.writer)
            }
        reader?.resume(throwing: CancellationError())
        writer?.resume(returning: false)
    }

    fileprivate func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.take(continuation)
            }
        } onCancel: {
            self.cut()
        }
    }

    private func take(_ reader: CheckedContinuation<ByteBuffer?, any Error>) {
        let (result, writer): (Result<ByteBuffer?, any Error>?, CheckedContinuation<Bool, Never>?) =
            self.state.withLock { state in
                guard !state.isCut else { return (.failure(CancellationError()), nil) }
                if let chunk = state.chunks.popFirst() {
                    state.bytes -= chunk.readableBytes
                    guard state.bytes < self.bytesMax, let writer = state.writer else { return (.success(chunk), nil) }
                    state.writer = nil
                    return (.success(chunk), writer)
                }
                switch state.ending {
                case .finished: return (.success(nil), nil)
                case .failed(let error): return (.failure(error), nil)
                case nil:
                    state.reader = reader
                    return (nil, nil)
                }
            }
        writer?.resume(returning: true)
        if let result { reader.resume(with: result) }
    }

    private struct Stream: AsyncSequence, Sendable {
        typealias Element = ByteBuffer
        typealias Failure = any Error

        let pipe: BytePipe

        func makeAsyncIterator() -> Iterator { Iterator(pipe: self.pipe) }

        struct Iterator: AsyncIteratorProtocol {
            let pipe: BytePipe

            mutating func next() async throws -> ByteBuffer? {
                try await self.pipe.next()
            }
        }
    }
}
