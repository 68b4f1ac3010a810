import Catalog
import CollimatorCore
import Persistence

extension ArchiveService {
    /// The catalog in its file `catalog.db` of the folder.
    static func catalog(in folder: String) throws -> StudyCatalog {
        let database = try Database.open(DatabaseConfiguration(path: "\(folder)/catalog.db"))
        return StudyCatalog(CatalogStore(database: database, clock: .live))
    }
}
