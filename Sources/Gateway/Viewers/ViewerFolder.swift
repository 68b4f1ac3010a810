import CollimatorCore
import Glibc
import NIOCore
import NIOPosix

/// The folder with the files of a viewer.
///
/// A path is walked name by name and no link is followed, so that nothing beside or above the folder is ever opened.
/// The folder itself may be a link, which a deployment changes in one step. All that waits for a disk is done on NIO's
/// thread pool.
package struct ViewerFolder: Sendable {
    private let path: String

    /// `path` is read anew for each file.
    package init(path: String) {
        self.path = path
    }

    /// Whether there is an `index.html`, without which the folder is no viewer.
    ///
    /// It waits for the disk.
    package var hasPage: Bool {
        if case .file = Self.open(["index.html"], in: self.path) { true } else { false }
    }

    /// What is at a path below the folder.
    enum Entry: Sendable {
        case file(ViewerFile)
        case folder
        case nothing
    }

    /// Opens what the names lead to; names that could be read in two ways, and those that begin with a dot, lead to
    /// nothing.
    func open(_ names: [String]) async throws -> Entry {
        guard names.count <= Self.depthMax, names.allSatisfy(Self.isPlain) else { return .nothing }
        return try await NIOThreadPool.singleton.runIfActive { Self.open(names, in: self.path) }
    }

    /// The most folders inside one another.
    private static let depthMax = 32

    private static func isPlain(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name.first != "."
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }

    private static func open(_ names: [String], in path: String) -> Entry {
        var descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for name in names {
            guard descriptor >= 0 else { return .nothing }
            // A pipe would wait for its other end.
            let next = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            close(descriptor)
            descriptor = next
        }
        guard descriptor >= 0 else { return .nothing }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            return .nothing
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(ViewerFile(takingOwnership: descriptor, status))
        case S_IFDIR:
            close(descriptor)
            return .folder
        default:
            close(descriptor)
            return .nothing
        }
    }
}

/// An open file of a viewer, which is closed with the last who holds it.
final class ViewerFile: Sendable {
    /// Its length when it was opened, in bytes.
    let length: Int
    /// Another one for another content, as far as the file system tells.
    let version: String
    private let descriptor: Int32

    /// How much is read at a time, in bytes.
    private static let chunkBytes = 128 * 1024

    fileprivate init(takingOwnership descriptor: Int32, _ status: stat) {
        self.descriptor = descriptor
        self.length = Int(status.st_size)
        self.version = "\(status.st_size)-\(status.st_mtim.tv_sec)-\(status.st_mtim.tv_nsec)-\(status.st_ino)"
    }

    deinit {
        close(self.descriptor)
    }

    /// The bytes of the file as a body; a file that has become shorter meanwhile cuts the connection.
    var body: ResponseBodyOfFile { ResponseBodyOfFile(file: self) }

    /// The bytes from a place on, no more than one chunk.
    fileprivate func read(from offset: Int) async throws -> ByteBuffer {
        let count = min(Self.chunkBytes, self.length - offset)
        return try await NIOThreadPool.singleton.runIfActive {
            var buffer = ByteBuffer()
            let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                let read = pread(self.descriptor, bytes.baseAddress, count, off_t(offset))
                guard read > 0 else {
                    throw CollimatorError(.internalError, "a file of the viewer cannot be read to its end")
                }
                return read
            }
            precondition(read <= count, "more was read than asked for")
            return buffer
        }
    }
}

/// The bytes of a file, a chunk at a time.
struct ResponseBodyOfFile: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    fileprivate let file: ViewerFile

    func makeAsyncIterator() -> Iterator { Iterator(file: self.file) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let file: ViewerFile
        private var offset = 0

        fileprivate init(file: ViewerFile) {
            self.file = file
        }

        mutating func next() async throws -> ByteBuffer? {
            guard self.offset < self.file.length else { return nil }
            let chunk = try await self.file.read(from: self.offset)
            self.offset += chunk.readableBytes
            return chunk
        }
    }
}
