import FoundationEssentials
import Glibc

/// A folder for files out of archives, for the owner alone; it goes with the last who holds it.
final class TemporaryFolder: Sendable {
    let path: String

    /// Throws ``CommandFailure`` where no folder can be made.
    init() throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/collimator-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure.notDone("No folder for temporary files can be made.")
        }
        self.path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: self.path)
        } catch {
            // The system clears its folder for temporary files sooner or later.
        }
    }
}

/// Removes a temporary file; one that is gone already is fine.
func removeFile(_ path: String) {
    unlink(path)
}
