import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import Persistence
import TestSupport
import Testing

@testable import Gateway

/// A catalog in a file of its own, which goes with the last who uses the catalog.
enum TemporaryCatalog {
    static func make() throws -> StudyCatalog {
        StudyCatalog(try self.store())
    }

    /// What is below it, for tests that put entries in themselves.
    static func store(clock: WallClock? = nil, effort: SearchEffort = SearchEffort()) throws -> CatalogStore {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db", readerCount: 1))
        // The clock holds the folder as long as the catalog lives.
        let held = WallClock {
            withExtendedLifetime(folder) { clock?.now() ?? Date(timeIntervalSince1970: 1_790_000_000) }
        }
        return CatalogStore(database: database, clock: held, effort: effort)
    }
}

extension GatewayUnderTest {
    /// The same gateway when its catalog has taken in these studies of a store, and nothing else of it.
    func knowing(_ entries: [StudyEntry], in store: String = "radiology") async throws -> GatewayUnderTest {
        let name = try #require(StoreName(store))
        try await self.parts.catalog.add(name, upstream: .holding(entries))
        try await self.parts.catalog.synchronize(name)
        return self
    }
}

extension CatalogUpstream {
    /// A store with these studies, in the order of their UIDs.
    static func holding(_ entries: [StudyEntry]) -> CatalogUpstream {
        let entries = entries.sorted { $0.study < $1.study }
        @Sendable func page(_ page: UpstreamPage, of rows: [DataSet]) -> [DataSet] {
            Array(rows.dropFirst(page.offset).prefix(page.limit))
        }
        let studies = entries.map { entry in
            var attributes = entry.attributes
            attributes.set(.studyInstanceUID, entry.study.rawValue)
            return attributes
        }
        let series = entries.flatMap { entry in
            (entry.series ?? []).map { series in
                var attributes = series.attributes
                attributes.set(.studyInstanceUID, entry.study.rawValue)
                attributes.set(.seriesInstanceUID, series.series.rawValue)
                return attributes
            }
        }
        return CatalogUpstream(
            studies: { page($0, of: studies) },
            series: { page($0, of: series) },
            study: { uid in entries.first { $0.study == uid } },
            studyCount: { entries.count }
        )
    }
}

extension StudyEntry {
    /// A study and its series as the catalog takes them in; each series with its attributes and its count.
    init(_ study: DataSet, series: [(attributes: DataSet, instanceCount: Int?)] = []) throws {
        self.init(
            study: try #require(study.string(.studyInstanceUID).flatMap { StudyUID($0) }),
            attributes: study,
            series: try series.map { series in
                SeriesEntry(
                    series: try #require(series.attributes.string(.seriesInstanceUID).flatMap { SeriesUID($0) }),
                    attributes: series.attributes,
                    instanceCount: series.instanceCount
                )
            }
        )
    }
}
