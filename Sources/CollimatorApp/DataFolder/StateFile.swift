import CollimatorCore
import Glibc
import Persistence

/// A database in the data folder that cannot be made anew from somewhere else: a damaged one stops the start.
///
/// Its owner alone may read it.
struct StateFile {
    let path: String
    /// What is in it, as the operator knows it, such as `The access rules`.
    let contents: String
    /// How many reads may run side by side.
    var readerCount = 1

    /// Opens the file and has its schema brought up to date and read.
    ///
    /// Throws ``StartupError``.
    func open<Value: Sendable>(
        _ prepare: (Database) async throws -> Value
    ) async throws -> (database: Database, value: Value) {
        Self.restrict(self.path)
        let database: Database
        do {
            database = try Database.open(DatabaseConfiguration(path: self.path, readerCount: self.readerCount))
        } catch {
            throw self.unusable
        }
        do {
            return (database, try await prepare(database))
        } catch {
            try await database.close()
            if let error = error as? CollimatorError, error.code == .preconditionFailed { throw self.tooNew }
            throw self.unusable
        }
    }

    private var tooNew: StartupError {
        StartupError(
            "The file \(self.path) was written by a newer version of this program.",
            remedy: "Start that version."
        )
    }

    private var unusable: StartupError {
        StartupError(
            "\(self.contents) in \(self.path) cannot be read.",
            remedy: "Check that the folder can be written and has room; else restore the file from a copy."
        )
    }

    /// Makes the file, or takes rights to it away from others; the database's further files get the same.
    static func restrict(_ path: String) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        fchmod(descriptor, 0o600)
        close(descriptor)
    }
}
