internal import NIOCore
internal import NIOPosix

/// Bytes of a file.
struct FileRange: Sendable, Hashable {
    let path: String
    let offset: Int64
    let length: Int64
}

/// A piece of an answer: bytes that are there, or bytes of a file.
enum Segment: Sendable {
    case bytes(ByteBuffer)
    /// Where the file is open already, its name is not looked at again.
    case file(FileRange, open: OpenFile? = nil)
    /// A file with what surrounds it; left out as a whole where the file is not there any more.
    case part(FilePart)

    /// How many bytes it is.
    var byteCount: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.readableBytes)
        case .file(let range, _): range.length
        case .part(let part): Int64(part.head.readableBytes + part.tail.readableBytes) + part.range.length
        }
    }
}

/// A file as a part of a multipart body.
struct FilePart: Sendable {
    let head: ByteBuffer
    let range: FileRange
    let tail: ByteBuffer
}

/// Reads files on threads of its own, in pieces that are large enough to be fast and small enough to be bounded.
struct FileReader: Sendable {
    let pool: NIOThreadPool

    /// What is read, and sent, at once: it stays in a core's own cache between the two.
    static let chunkBytes = 256 * 1024
    /// Each so manieth piece is read on the pool even where it is at hand: a sender that never waits would keep its
    /// thread, and the event loop busy writing, from everybody else.
    private static let piecesPerTurn = 4

    /// The whole of a file.
    func contents(of path: String, bytesMax: Int) async throws -> [UInt8] {
        try await self.pool.runIfActive {
            let file = try OpenFile(path)
            let size = try file.size()
            guard size <= bytesMax else { throw EmulatorError.unreadableFile }
            var buffer = ByteBuffer()
            try file.read(offset: 0, count: Int(size), into: &buffer)
            return Array(buffer.readableBytesView)
        }
    }

    /// Opens the file.
    func open(_ path: String) async throws -> OpenFile {
        try await self.pool.runIfActive { try OpenFile(path) }
    }

    /// The segments in one buffer, for what is known to be small.
    func joined(_ segments: [Segment]) async throws -> ByteBuffer {
        var all = ByteBuffer()
        try await self.send(segments) { all.writeImmutableBuffer($0) }
        return all
    }

    /// Gives the bytes of the segments in order, in pieces of at most `chunkBytes`.
    ///
    /// Most of what the system has in memory is read where this runs; opening a file and waiting for a disk go to the
    /// pool. Small files share a piece: what they cost is one trip to a thread together, not several each. A part whose
    /// file is not there is left out where `isGone` says that this is right, and is an error otherwise.
    func send(
        _ segments: [Segment],
        isGone: @Sendable (FileRange) async throws -> Bool = { _ in false },
        to write: (ByteBuffer) async throws -> Void
    ) async throws {
        let reader = SegmentReader(segments, chunkBytes: Self.chunkBytes)
        var count = 0
        while let piece = try await self.next(reader, isGone, atHand: !count.isMultiple(of: Self.piecesPerTurn)) {
            try await write(piece)
            count += 1
        }
    }

    private func next(
        _ reader: SegmentReader,
        _ isGone: @Sendable (FileRange) async throws -> Bool,
        atHand: Bool
    ) async throws -> ByteBuffer? {
        if atHand, let buffer = try reader.nextAtHand() { return buffer }
        while !reader.isAtEnd, let piece = try await self.pool.runIfActive({ try reader.next() }) {
            switch piece {
            case .bytes(let buffer): return buffer
            case .missing(let range):
                guard try await isGone(range) else { throw EmulatorError.missingFile }
            }
        }
        return nil
    }
}
