internal import CollimatorCore
internal import DICOMweb
internal import Persistence

extension CatalogStore {
    /// The series of a page; all is read in one state of the catalog.
    ///
    /// - Throws: as ``search(_:)``.
    package func searchSeries(_ query: SeriesQuery) async throws -> SeriesPage {
        try query.studyConditions.check(self.effort)
        try query.seriesConditions.map { StudyCondition.attribute($0) }.check(self.effort)
        return try await self.searching { effort, connection in
            try SeriesSearchRun(query, effort: effort, on: connection, sets: self.sets)?.page()
                ?? SeriesPage(
                    series: [],
                    hasMore: false,
                    isComplete: try query.visibility.isWorkedOut(of: query.stores, on: connection)
                )
        }
    }
}
