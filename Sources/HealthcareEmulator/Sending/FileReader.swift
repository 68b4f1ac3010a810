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
    case file(FileRange)
}

/// Reads files on threads of its own, in pieces that are large enough to be fast and small enough to be bounded.
struct FileReader: Sendable {
    let pool: NIOThreadPool

    /// What is read, and sent, at once.
    static let chunkBytes = 1 << 20

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

    /// The segments in one buffer, for what is known to be small.
    func joined(_ segments: [Segment]) async throws -> ByteBuffer {
        var all = ByteBuffer()
        try await self.send(segments) { all.writeImmutableBuffer($0) }
        return all
    }

    /// Gives the bytes of the segments in order, in pieces of at most `chunkBytes`, reading one piece ahead.
    ///
    /// Small files share a piece: what they cost is one trip to a thread together, not several each.
    func send(_ segments: [Segment], to write: (ByteBuffer) async throws -> Void) async throws {
        let reader = SegmentReader(segments, chunkBytes: Self.chunkBytes)
        let pool = self.pool
        guard var ready = try await pool.runIfActive({ try reader.next() }) else { return }
        while true {
            async let following = pool.runIfActive { try reader.next() }
            try await write(ready)
            guard let next = try await following else { return }
            ready = next
        }
    }
}
