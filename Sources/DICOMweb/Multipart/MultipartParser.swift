public import NIOCore

/// Reads a multipart body (RFC 2046 §5.1, PS3.18 §8.6.1.2) from chunks of any size, cut anywhere.
///
/// A pure state machine: bytes in, events out. Contents are handed on as slices of the chunks they came in; at most one
/// boundary's length and one part's header are ever held back.
///
/// ```swift
/// var parser = try MultipartParser(boundary: "b")
/// for try await chunk in body {
///     for event in try parser.append(chunk) { … }
/// }
/// try parser.finish()
/// ```
///
/// A line that begins with the boundary but goes on with something else is content, and so are boundaries after a
/// bare line feed.
public struct MultipartParser: Sendable {
    private let delimiter: [UInt8]
    private let limits: MultipartLimits
    private var state = State.preamble
    /// What has come and has no event yet; it begins with a line break that the body does not have, so that the first
    /// boundary is like every other.
    private var pending: ByteBuffer
    private var partCount = 0
    private var partBytes: Int64 = 0
    private var bytesAroundParts = 0

    private enum State {
        case preamble
        /// The content of a part; `isAtStart` until the first byte of it has been seen.
        case content(isAtStart: Bool)
        case header
        case epilogue
        case failed(MultipartError)
    }

    /// Makes a parser.
    ///
    /// - Parameters:
    ///   - boundary: The value of the parameter `boundary`, without quotes.
    ///   - limits: How much the body may hold.
    /// - Throws: ``MultipartError/invalidBoundary``.
    public init(boundary: some StringProtocol, limits: MultipartLimits = .default) throws(MultipartError) {
        guard MultipartBoundary.isValid(boundary, lengthMax: MultipartBoundary.readLengthMax) else {
            throw .invalidBoundary
        }
        self.delimiter = Array("\r\n--".utf8) + Array(boundary.utf8)
        self.limits = limits
        self.pending = ByteBuffer(string: "\r\n")
    }

    /// Takes the next bytes of the body and tells what they mean.
    ///
    /// - Parameter chunk: The bytes that follow those given before.
    /// - Returns: The events, in order; none where more bytes are needed.
    /// - Throws: ``MultipartError``; the parser stays failed.
    public mutating func append(_ chunk: ByteBuffer) throws(MultipartError) -> [MultipartEvent] {
        if case .failed(let error) = self.state { throw error }
        if self.pending.readableBytes == 0 {
            self.pending = chunk
        } else {
            self.pending.writeImmutableBuffer(chunk)
        }
        var events: [MultipartEvent] = []
        do throws(MultipartError) {
            while try self.step(into: &events) {}
        } catch {
            self.state = .failed(error)
            throw error
        }
        return events
    }

    /// Says that the body has ended.
    ///
    /// - Throws: ``MultipartError/truncated`` where the closing boundary has not been read.
    public mutating func finish() throws(MultipartError) {
        switch self.state {
        case .epilogue: return
        case .failed(let error): throw error
        case .preamble, .content, .header:
            self.state = .failed(.truncated)
            throw .truncated
        }
    }

    /// Goes one step on; `false` where more bytes are needed for it.
    private mutating func step(into events: inout [MultipartEvent]) throws(MultipartError) -> Bool {
        switch self.state {
        case .preamble: return try self.readUpToBoundary(into: &events)
        case .content(let isAtStart):
            if isAtStart {
                guard let isEmpty = self.contentIsEmpty() else { return false }
                // The line break that ends the header is the one before the boundary as well.
                if isEmpty {
                    let rest = self.pending
                    self.pending = ByteBuffer(string: "\r\n")
                    self.pending.writeImmutableBuffer(rest)
                }
                self.state = .content(isAtStart: false)
            }
            return try self.readUpToBoundary(into: &events)
        case .header: return try self.readHeader(into: &events)
        case .epilogue:
            try self.passOver(self.pending.readableBytes)
            self.pending = ByteBuffer()
            return false
        case .failed(let error): throw error
        }
    }
}

extension MultipartParser {
    /// Whether the boundary follows the header at once, so that the line break between them belongs to both; unknown
    /// while too few bytes are there.
    private func contentIsEmpty() -> Bool? {
        var start = ByteBuffer(string: "\r\n")
        let enough = self.delimiter.count + BoundarySearch.paddingBytesMax + 2
        start.writeBytes(self.pending.readableBytesView.prefix(enough))
        switch BoundarySearch(self.delimiter).first(in: start) {
        case .boundary(offset: 0, _, _): return true
        case .none(certain: 0): return nil
        default: return false
        }
    }

    private mutating func readUpToBoundary(into events: inout [MultipartEvent]) throws(MultipartError) -> Bool {
        switch BoundarySearch(self.delimiter).first(in: self.pending) {
        case .none(let certain):
            try self.give(certain, into: &events)
            return false
        case .boundary(let offset, let length, let isClosing):
            try self.give(offset, into: &events)
            self.pending.moveReaderIndex(forwardBy: length)
            if case .content = self.state { events.append(.partEnded) }
            if isClosing {
                self.state = .epilogue
                self.bytesAroundParts = 0
                events.append(.finished)
            } else {
                self.state = .header
            }
            return true
        }
    }

    /// Hands on bytes that are certainly no boundary.
    private mutating func give(_ count: Int, into events: inout [MultipartEvent]) throws(MultipartError) {
        guard count > 0, let slice = self.pending.readSlice(length: count) else { return }
        guard case .content = self.state else { return try self.passOver(count) }
        self.partBytes += Int64(count)
        guard self.partBytes <= self.limits.maxBytesPerPart else { throw .partTooLarge }
        events.append(.partBytes(slice))
    }

    private mutating func passOver(_ count: Int) throws(MultipartError) {
        self.bytesAroundParts += count
        guard self.bytesAroundParts <= self.limits.maxBytesAroundParts else { throw .tooMuchAroundParts }
    }

    private mutating func readHeader(into events: inout [MultipartEvent]) throws(MultipartError) -> Bool {
        let view = self.pending.readableBytesView
        guard let length = PartHeaderSyntax.length(in: view) else {
            guard view.count <= self.limits.maxHeaderBytesPerPart else { throw .headerTooLarge }
            return false
        }
        guard length <= self.limits.maxHeaderBytesPerPart else { throw .headerTooLarge }
        let fields = try PartHeaderSyntax.fields(in: view.prefix(length), max: self.limits.maxHeadersPerPart)
        self.pending.moveReaderIndex(forwardBy: length)
        self.partCount += 1
        guard self.partCount <= self.limits.maxParts else { throw .tooManyParts }
        self.partBytes = 0
        self.state = .content(isAtStart: true)
        events.append(.partBegan(fields))
        return true
    }
}
