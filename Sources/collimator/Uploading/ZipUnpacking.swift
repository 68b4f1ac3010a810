import Archives
import FoundationEssentials
import Glibc
import NIOPosix
import Synchronization

/// Unpacks a zip archive one file at a time, on a thread of its own.
final class ZipUnpacking: Sendable {
    /// What the next entry is.
    enum Entry: Sendable, Equatable {
        /// A DICOM file, unpacked.
        case file(path: String, name: String)
        /// Something else, left in the archive.
        case other(name: String, reason: UploadOutcome.SkipReason)
    }

    private let reader: Mutex<ZipReader>
    private let folder: TemporaryFolder

    /// Throws `ZipError` where the file cannot be opened.
    init(path: String) throws {
        self.folder = try TemporaryFolder()
        self.reader = Mutex(try ZipReader(path: path))
    }

    /// The next entry; nil after the last.
    ///
    /// Throws `ZipError` where the archive is damaged or holds what it should not.
    func next() async throws -> Entry? {
        try await NIOThreadPool.singleton.runIfActive {
            try self.reader.withLock { reader in
                guard let entry = try reader.nextEntry() else { return nil }
                return try Self.unpack(&reader, entry, into: "\(self.folder.path)/\(entry.number)")
            }
        }
    }

    private static func unpack(_ reader: inout ZipReader, _ entry: ZipEntry, into path: String) throws -> Entry {
        guard let first = try reader.nextPiece() else { return .other(name: entry.name, reason: .empty) }
        switch FileKind(prefix: Array(first.prefix(FileKind.prefixBytes))) {
        case .dicom: break
        case .dicomDirectory: return .other(name: entry.name, reason: .dicomDirectory)
        case .zip, .other: return .other(name: entry.name, reason: .notDICOM)
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.noRoom }
        defer { close(descriptor) }

        var piece: [UInt8]? = first
        while let bytes = piece {
            try Self.write(bytes, to: descriptor)
            piece = try reader.nextPiece()
        }
        return .file(path: path, name: entry.name)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw Self.noRoom }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    private static var noRoom: CommandFailure {
        CommandFailure.notDone(
            "There is no room to unpack an archive in \(FileManager.default.temporaryDirectory.path).",
            remedy: "Make room there, or set TMPDIR to a larger disk."
        )
    }
}
