import NIOCore
import Synchronization

/// Reads an answer as parts, each of which is read in pieces.
///
/// `@unchecked Sendable`: everything that changes is touched only inside `exclusively`, which lets one task in at a time
/// by a flag behind a mutex and traps on a second one, as iterators of asynchronous sequences do.
final class PartReader: @unchecked Sendable {
    /// When the answer must be complete.
    let deadline: ContinuousClock.Instant
    private let isBusy = Mutex(false)
    private var chunks: ResponseBody.AsyncIterator
    /// None where the whole body is one part.
    private var parser: MultipartParser?
    private var events: [MultipartEvent] = []
    private var nextEvent = 0
    private var partNumber = 0
    private var state = State.between

    private enum State {
        case between, inPart, finished
    }

    /// Makes a reader of a multipart body.
    init(_ body: ResponseBody, parser: MultipartParser) {
        self.deadline = body.deadline
        self.chunks = body.makeAsyncIterator()
        self.parser = parser
    }

    /// Makes a reader of a body that is one part.
    init(single body: ResponseBody, headers: HeaderFields) {
        self.deadline = body.deadline
        self.chunks = body.makeAsyncIterator()
        self.events = [.partBegan(headers)]
    }

    /// The header of the next part and its number; what is left of the part before is passed over.
    func nextPart() async throws -> (number: Int, headers: HeaderFields)? {
        try await self.exclusively {
            while let event = try await self.event() {
                guard case .partBegan(let headers) = event else { continue }
                self.partNumber += 1
                self.state = .inPart
                return (self.partNumber, headers)
            }
            return nil
        }
    }

    /// The next bytes of a part, none at its end.
    func nextBytes(ofPart number: Int) async throws -> ByteBuffer? {
        try await self.exclusively {
            guard number == self.partNumber else { throw DICOMwebError.invalidRequest }
            guard self.state == .inPart, case .partBytes(let bytes) = try await self.event() else { return nil }
            return bytes
        }
    }

    private func event() async throws -> MultipartEvent? {
        while self.nextEvent == self.events.count {
            guard self.state != .finished else { return nil }
            try await self.readMore()
        }
        defer { self.nextEvent += 1 }
        let event = self.events[self.nextEvent]
        switch event {
        case .partEnded: self.state = .between
        case .finished: try await self.readEpilogue()
        case .partBegan, .partBytes: break
        }
        return event
    }

    private func readMore() async throws {
        self.nextEvent = 0
        self.events = []
        let chunk = try await self.chunks.next()
        guard var parser = self.parser else {
            self.events = chunk.map { [.partBytes($0)] } ?? []
            if chunk == nil { self.state = .finished }
            return
        }
        self.parser = nil
        do throws(MultipartError) {
            if let chunk { self.events = try parser.append(chunk) } else { try parser.finish() }
        } catch {
            self.state = .finished
            throw DICOMwebError(error)
        }
        self.parser = parser
        if chunk == nil { self.state = .finished }
    }

    /// What follows the last boundary is read too, so that the connection can be used again.
    private func readEpilogue() async throws {
        let kept = self.nextEvent
        let events = self.events
        while self.state != .finished { try await self.readMore() }
        self.events = events
        self.nextEvent = kept
    }

    private func exclusively<Result>(_ work: () async throws -> Result) async throws -> Result {
        let wasBusy = self.isBusy.withLock { isBusy in
            defer { isBusy = true }
            return isBusy
        }
        precondition(!wasBusy, "parts are read one after another")
        defer { self.isBusy.withLock { $0 = false } }
        return try await work()
    }
}
