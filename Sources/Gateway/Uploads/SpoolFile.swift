import CollimatorCore
import Glibc
import NIOCore
import NIOPosix

/// A file that nobody else sees and that goes with the process that made it, whatever becomes of that.
///
/// Its name is taken from the folder as soon as it is open; it is there as long as the descriptor is.
final class SpoolFile: Sendable {
    private let descriptor: Int32

    /// Makes an empty file in the folder.
    static func make(in folder: String) async throws -> SpoolFile {
        try await NIOThreadPool.singleton.runIfActive { try SpoolFile(in: folder) }
    }

    private init(in folder: String) throws(CollimatorError) {
        let path = "\(folder)/upload-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        // Closed on exec from the first moment: a program that another thread starts must not hold it.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure }
        unlink(path)
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    /// A path that leads to the file while this value lives, in this process only.
    var path: String { "/proc/self/fd/\(self.descriptor)" }

    /// Adds bytes at the end.
    func write(_ chunk: ByteBuffer) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            try chunk.withUnsafeReadableBytes { bytes throws in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Glibc.write(
                        self.descriptor,
                        UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                        rest.count
                    )
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw Self.failure }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }

    private static var failure: CollimatorError {
        CollimatorError(
            .insufficientStorage,
            "an upload cannot be kept on the disk while it is read",
            publicDetail: "There is no room to unpack this upload now."
        )
    }
}
