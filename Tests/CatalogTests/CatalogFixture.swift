import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import Persistence
import TestSupport
import Testing

/// Runs the closure with an empty catalog in a folder of its own.
func withCatalog(
    effort: SearchEffort = SearchEffort(),
    _ body: (CatalogStore, Database) async throws -> Void
) async throws {
    let folder = try TemporaryDirectory()
    let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db"))
    let clock = WallClock { Date(timeIntervalSince1970: 1_790_000_000) }
    let catalog = CatalogStore(database: database, clock: clock, effort: effort)
    try await catalog.prepare()
    try await body(catalog, database)
    try await database.close()
    withExtendedLifetime(folder) {}
}

extension StudyEntry {
    /// A study with the attributes given, and one series per modality.
    static func made(
        _ uid: String,
        _ attributes: [(DICOMweb.Tag, String)] = [],
        modalities: [String]? = nil
    ) throws -> StudyEntry {
        var dataSet = DataSet()
        for (tag, text) in attributes {
            if tag.vr == .PN {
                dataSet.set(tag, .personName(PersonName(parsing: text)))
            } else {
                dataSet.set(tag, text)
            }
        }
        let study = try #require(StudyUID(uid))
        let series = try modalities?.enumerated().map { index, modality in
            var attributes = DataSet()
            attributes.set(.modality, modality)
            return SeriesEntry(
                series: try #require(SeriesUID("\(uid).\(index + 1)")),
                attributes: attributes,
                instanceCount: index + 1
            )
        }
        return StudyEntry(study: study, attributes: dataSet, series: series)
    }
}
