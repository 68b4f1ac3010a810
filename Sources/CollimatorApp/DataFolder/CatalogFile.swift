import Catalog
import CollimatorCore
import Glibc
import Logging
import Persistence

/// The file `catalog.db` in the data folder.
///
/// It is only an index of the stores: a damaged one is put aside and made anew. It holds names of patients, so that its
/// owner alone may read it.
struct CatalogFile {
    private let path: String
    private let logger: Logger

    init(folder: String, logger: Logger) {
        self.path = "\(folder)/catalog.db"
        self.logger = logger
    }

    /// The database and the catalog in it, with the schema of this program.
    ///
    /// Throws ``StartupError``.
    func open(
        _ configuration: StoreSynchronizer.Configuration,
        feedTimes: FeedTimes
    ) async throws -> (Database, StudyCatalog) {
        do {
            return try await self.openOnce(configuration, feedTimes)
        } catch let error as CollimatorError where error.cause is DatabaseDamage {
            self.logger.warning("the catalog is damaged: it is put aside and made anew")
            self.putAside()
        } catch let error as CollimatorError where error.code == .preconditionFailed {
            throw StartupError(
                "The catalog \(self.path) was written by a newer version of this program.",
                remedy: "Start that version, or move the file away: the catalog is made anew from the stores."
            )
        } catch {
            throw Self.unusable
        }
        do {
            return try await self.openOnce(configuration, feedTimes)
        } catch {
            throw Self.unusable
        }
    }

    static var unusable: StartupError {
        StartupError(
            "The catalog in the data folder cannot be opened.",
            remedy: "Check that the folder can be written and that the disk has room."
        )
    }

    /// As much as SQLite maps: searches read pages from all over the file, and what the connections keep of it is void with
    /// every study that arrives.
    private static let mappedMiB = 2_047
    /// A study that arrives writes a hundred pages, all over the indexes: the log is copied every few seconds where fifty
    /// arrive in each, and a copy writes those once that were written many times.
    private static let checkpointPages = 16_384

    private func openOnce(
        _ configuration: StoreSynchronizer.Configuration,
        _ feedTimes: FeedTimes
    ) async throws -> (Database, StudyCatalog) {
        self.restrict()
        let database = try Database.open(
            DatabaseConfiguration(
                path: self.path,
                checkpointPages: Self.checkpointPages,
                mappedMiB: Self.mappedMiB
            )
        )
        do {
            let store = CatalogStore(database: database, clock: .live, feedTimes: feedTimes)
            let catalog = StudyCatalog(store, configuration: configuration)
            try await catalog.prepare()
            return (database, catalog)
        } catch {
            try await database.close()
            throw error
        }
    }

    /// Makes the file, or takes rights to it away from others; the database's further files get the same.
    private func restrict() {
        let descriptor = Glibc.open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        fchmod(descriptor, 0o600)
        close(descriptor)
    }

    /// The log goes along: beside a new file it would be taken for that one's.
    private func putAside() {
        for suffix in ["-wal", "-shm"] { unlink(self.path + suffix) }
        rename(self.path, "\(self.path).damaged")
    }
}
