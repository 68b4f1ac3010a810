import Catalog
import CollimatorCore
import Foundation
import Persistence
import TestSupport

/// A catalog in a file of its own, which goes with the last who uses the catalog.
enum TemporaryCatalog {
    static func make() throws -> StudyCatalog {
        StudyCatalog(try self.store())
    }

    /// What is below it, for tests that put entries in themselves.
    static func store() throws -> CatalogStore {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db", readerCount: 1))
        // The clock holds the folder as long as the catalog lives.
        let clock = WallClock { withExtendedLifetime(folder) { Date(timeIntervalSince1970: 1_790_000_000) } }
        return CatalogStore(database: database, clock: clock)
    }
}
