import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file open for reading; closed when nobody holds it any more, so that a broken-off upload leaves nothing open.
///
/// Reading blocks, and so happens on the shared pool of blocking threads.
final class FileSource: Sendable {
    /// The size when the file was opened, in bytes; not more than that is read.
    let length: Int64
    private let descriptor: CInt

    /// The size of the pieces.
    static let chunkBytes = 256 * 1024

    private init(descriptor: CInt, length: Int64) {
        self.descriptor = descriptor
        self.length = length
    }

    deinit {
        close(self.descriptor)
    }

    static func open(_ path: String) async throws -> FileSource {
        try await NIOThreadPool.singleton.runIfActive {
            #if canImport(Glibc)
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            #elseif canImport(Musl)
            let descriptor = Musl.open(path, O_RDONLY | O_CLOEXEC)
            #else
            let descriptor = Darwin.open(path, O_RDONLY | O_CLOEXEC)
            #endif
            guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                let code = errno
                close(descriptor)
                throw IOError(errnoCode: code, reason: "fstat")
            }
            return FileSource(descriptor: descriptor, length: Int64(status.st_size))
        }
    }

    /// The content in pieces, from the start.
    func chunks() -> RequestBody.NextChunk {
        var offset: Int64 = 0
        return {
            let count = Int(min(self.length - offset, Int64(Self.chunkBytes)))
            guard count > 0 else { return nil }
            let chunk = try await self.read(count, at: offset)
            offset += Int64(chunk.readableBytes)
            return chunk
        }
    }

    /// A file that has become shorter is an error, because its length has been announced.
    private func read(_ count: Int, at offset: Int64) async throws -> ByteBuffer {
        try await NIOThreadPool.singleton.runIfActive {
            var buffer = ByteBuffer()
            let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                let read = pread(self.descriptor, bytes.baseAddress, count, off_t(offset))
                guard read >= 0 else { throw IOError(errnoCode: errno, reason: "pread") }
                return read
            }
            guard read > 0 else { throw IOError(errnoCode: EIO, reason: "pread") }
            return buffer
        }
    }
}
