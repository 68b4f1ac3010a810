extension CatalogStore {
    /// The series of a page.
    ///
    /// - Throws: `unprocessable` where the answer could not be found within ``SearchEffort``.
    package func searchSeries(_ query: SeriesQuery) async throws -> SeriesPage {
        var found: [SeriesPage.Item] = []
        var passed = 0
        var studies = StudyQuery(stores: query.stores, conditions: query.studyConditions, limit: Self.studiesAtATime)
        studies.total = .none
        repeat {
            let page = try await self.search(studies)
            for study in page.studies {
                for series in try await self.series(of: study.study, in: study.store)
                where query.seriesConditions.allSatisfy({ $0.matches(series.attributes) }) {
                    passed += 1
                    guard passed > query.offset else { continue }
                    guard found.count < query.limit else { return SeriesPage(series: found, hasMore: true) }
                    found.append(SeriesPage.Item(study: study, series: series))
                }
            }
            studies.after = page.next
        } while studies.after != nil
        return SeriesPage(series: found, hasMore: false)
    }

    private static let studiesAtATime = 200
}
