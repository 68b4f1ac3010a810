import Archives
import NIOCore
import NIOPosix
import Synchronization

/// Walks over the entries of a zip file, off the cooperative threads because reading blocks.
final class ZipWalk: Sendable {
    private let reader: Mutex<ZipReader>

    private init(_ file: SpoolFile, limits: ZipLimits) throws {
        self.reader = Mutex(try ZipReader(path: file.path, limits: limits))
    }

    /// Throws ``ZipError``.
    static func open(_ file: SpoolFile, limits: ZipLimits) async throws -> ZipWalk {
        try await NIOThreadPool.singleton.runIfActive { try ZipWalk(file, limits: limits) }
    }

    /// The next entry; nil at the end.
    func nextEntry() async throws -> ZipEntry? {
        try await NIOThreadPool.singleton.runIfActive {
            try self.reader.withLock { reader in try reader.nextEntry() }
        }
    }

    /// The names of all entries, none of them read.
    func names() async throws -> [String] {
        try await NIOThreadPool.singleton.runIfActive {
            try self.reader.withLock { reader in
                var names: [String] = []
                while let entry = try reader.nextEntry() { names.append(entry.name) }
                return names
            }
        }
    }

    /// The next bytes of the present entry; nil when it is whole.
    func nextPiece() async throws -> ByteBuffer? {
        try await NIOThreadPool.singleton.runIfActive {
            try self.reader.withLock { reader in try reader.nextPiece() }.map { ByteBuffer(bytes: $0) }
        }
    }
}
