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

// Tests of search see everything; what may be seen has tests of its own.
extension StudyQuery {
    init(
        stores: [StoreName],
        conditions: [StudyCondition] = [],
        order: StudyOrder = StudyOrder(.moment, isDescending: true),
        limit: Int,
        after: ListPosition? = nil
    ) {
        self.init(
            stores: stores,
            visibility: .everything,
            conditions: conditions,
            order: order,
            limit: limit,
            after: after
        )
    }
}

extension SeriesQuery {
    init(
        stores: [StoreName],
        studyConditions: [StudyCondition] = [],
        seriesConditions: [AttributeMatch] = [],
        limit: Int,
        offset: Int = 0
    ) {
        self.init(
            stores: stores,
            visibility: .everything,
            studyConditions: studyConditions,
            seriesConditions: seriesConditions,
            limit: limit,
            offset: offset
        )
    }
}
