import NIOCore
import _NIOFileSystem

/// A file that is sent in chunks as the other side takes them.
struct FileUpload: Sendable {
    let path: String
    let bytes: Int64

    private static let chunkBytes: Int64 = 256 * 1024

    /// Opens the file, runs the body with its chunks, and closes it.
    func withChunks<Result: Sendable>(
        _ body: @Sendable (any AsyncSequence<ByteBuffer, any Error> & Sendable) async throws -> Result
    ) async throws -> Result {
        try await FileSystem.shared.withFileHandle(forReadingAt: FilePath(self.path)) { file in
            try await body(file.readChunks(chunkLength: .bytes(Self.chunkBytes)))
        }
    }

    /// The first bytes of a file and its size.
    static func beginning(of path: String) async throws -> (prefix: [UInt8], bytes: Int64) {
        try await FileSystem.shared.withFileHandle(forReadingAt: FilePath(path)) { file in
            let info = try await file.info()
            let prefix = try await file.readChunk(fromAbsoluteOffset: 0, length: .bytes(Int64(FileKind.prefixBytes)))
            return (Array(prefix.readableBytesView), info.size)
        }
    }
}
