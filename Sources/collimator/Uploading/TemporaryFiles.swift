import FoundationEssentials
import Glibc
import Synchronization

/// A folder for files out of archives, for the owner alone; it goes with the last who holds it.
///
/// The process locks a file in it. A folder whose lock is free is of a process that was killed, and the next upload
/// removes it.
final class TemporaryFolder: Sendable {
    let path: String
    private let lock: Int32

    private static let prefix = "collimator-upload-"
    private static let lockName = ".lock"
    /// The folders of this process.
    private static let all = Mutex<Set<String>>([])
    /// Files may come into a folder while it is being removed; then it is tried again, so often.
    private static let removalsMax = 20

    /// Throws ``CommandFailure`` where no folder can be made.
    init() throws {
        var template = Array("\(Self.parent)/\(Self.prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.failure }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Self.all.withLock { _ = $0.insert(path) }
        let lock = open("\(path)/\(Self.lockName)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            if lock >= 0 { close(lock) }
            Self.remove(path)
            throw Self.failure
        }
        self.path = path
        self.lock = lock
    }

    deinit {
        Self.remove(self.path)
        close(self.lock)
    }

    /// Removes the folders of this process, which is about to end.
    static func removeAll() {
        for path in self.all.withLock({ $0 }) { self.remove(path) }
    }

    /// Removes the folders of processes that were killed.
    static func removeStale() {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: self.parent)
        } catch {
            // Where nothing can be listed, nothing can be tidied.
            return
        }
        for name in names where name.hasPrefix(self.prefix) {
            let path = "\(self.parent)/\(name)"
            // A folder of another user cannot be opened; one without a lock is just being made.
            let lock = open("\(path)/\(self.lockName)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else { continue }
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { self.remove(path) }
            close(lock)
        }
    }

    private static var parent: String { FileManager.default.temporaryDirectory.path }

    private static var failure: CommandFailure {
        CommandFailure.notDone(
            "No folder for temporary files can be made in \(self.parent).",
            remedy: "Make room there, or set TMPDIR to another folder."
        )
    }

    private static func remove(_ path: String) {
        self.all.withLock { _ = $0.remove(path) }
        for _ in 0..<self.removalsMax {
            do {
                try FileManager.default.removeItem(atPath: path)
                return
            } catch {
                // The system clears its folder for temporary files sooner or later.
                guard access(path, F_OK) == 0 else { return }
            }
        }
    }
}

/// Removes a temporary file; one that is gone already is fine.
func removeFile(_ path: String) {
    unlink(path)
}
