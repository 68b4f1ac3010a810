import Glibc

/// The folder with the state of the service, held by one process at a time.
///
/// The lock is the operating system's and goes with the process, however it ends.
package final class DataFolder: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Makes the folder where it is absent, for its owner alone, and locks it.
    ///
    /// Throws ``StartupError``.
    package init(path: String) throws {
        try Self.make(path)
        let lockPath = "\(path)/lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StartupError(
                "The data folder \(path) cannot be written.",
                remedy: "Choose another one with --data-dir."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StartupError(
                "The data folder \(path) is in use by another collimator.",
                remedy: "Stop that one, or choose another folder with --data-dir."
            )
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    private static func make(_ path: String) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
                throw StartupError(
                    "The data folder \(path) cannot be made.",
                    remedy: "Choose another one with --data-dir."
                )
            }
        }
    }
}
