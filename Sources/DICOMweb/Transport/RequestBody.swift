public import NIOCore

/// The body of a request, or of a part of one: bytes, a file or a stream.
public struct RequestBody: Sendable {
    /// Gives the next bytes, and nothing at the end.
    typealias NextChunk = () async throws -> ByteBuffer?

    enum Storage: Sendable {
        case bytes(ByteBuffer)
        case file(path: String)
        /// Bytes that come once.
        case stream(length: Int64?, open: @Sendable () -> NextChunk)
        /// Parts that can be put together again and again.
        case multipart(open: @Sendable () -> NextChunk)
    }

    let storage: Storage

    /// Bytes in memory.
    public static func bytes(_ buffer: ByteBuffer) -> RequestBody {
        RequestBody(storage: .bytes(buffer))
    }

    /// Bytes in memory.
    public static func bytes(_ bytes: [UInt8]) -> RequestBody {
        RequestBody(storage: .bytes(ByteBuffer(bytes: bytes)))
    }

    /// The content of a file, opened when its turn comes and read in pieces.
    public static func file(_ path: String) -> RequestBody {
        RequestBody(storage: .file(path: path))
    }

    /// Bytes as they come; the stream is read once.
    ///
    /// - Parameters:
    ///   - stream: The pieces.
    ///   - length: The number of bytes, where it is known: it goes into `Content-Length`.
    /// - Returns: The body.
    public static func stream<Stream: AsyncSequence & Sendable>(
        _ stream: Stream,
        length: Int64? = nil
    ) -> RequestBody where Stream.Element == ByteBuffer {
        RequestBody(
            storage: .stream(length: length) {
                var iterator = stream.makeAsyncIterator()
                return { try await iterator.next() }
            }
        )
    }

    /// Whether the body can be sent again.
    public var isReplayable: Bool {
        if case .stream = self.storage { false } else { true }
    }

    /// Opens the body for reading and tells its length, where it is known.
    func open() async throws -> (length: Int64?, open: @Sendable () -> NextChunk) {
        switch self.storage {
        case .bytes(let buffer):
            return (Int64(buffer.readableBytes), { Self.once(buffer) })
        case .file(let path):
            let file = try await FileSource.open(path)
            return (file.length, { file.chunks() })
        case .stream(let length, let open):
            return (length, open)
        case .multipart(let open):
            return (nil, open)
        }
    }

    private static func once(_ buffer: ByteBuffer) -> NextChunk {
        var rest: ByteBuffer? = buffer
        return {
            defer { rest = nil }
            return rest
        }
    }
}
