package import CollimatorCore

/// What is asked of the catalog at the series level: series that match, of studies that match.
package struct SeriesQuery: Hashable, Sendable {
    /// Where to look; none finds nothing.
    package var stores: [StoreName]
    /// What may be seen of them.
    package var visibility: CatalogVisibility
    /// What must hold of the study; all must.
    package var studyConditions: [StudyCondition]
    /// What must hold of the series; all must.
    package var seriesConditions: [AttributeMatch]
    /// How many series a page has at the most.
    package var limit: Int
    /// How many matching series are passed over.
    package var offset: Int

    package init(
        stores: [StoreName],
        visibility: CatalogVisibility,
        studyConditions: [StudyCondition] = [],
        seriesConditions: [AttributeMatch] = [],
        limit: Int,
        offset: Int = 0
    ) {
        self.stores = stores
        self.visibility = visibility
        self.studyConditions = studyConditions
        self.seriesConditions = seriesConditions
        self.limit = limit
        self.offset = offset
    }
}

/// One page of series, newest study first, the series of a study by UID.
package struct SeriesPage: Sendable {
    package let series: [Item]
    /// Whether more match than were passed over and given.
    package let hasMore: Bool
    /// Whether nothing is left out because what may be seen is still being worked out.
    package let isComplete: Bool

    package init(series: [Item], hasMore: Bool, isComplete: Bool = true) {
        self.series = series
        self.hasMore = hasMore
        self.isComplete = isComplete
    }

    /// A series with the study that it is in.
    package struct Item: Sendable {
        package let study: CatalogStudy
        package let series: SeriesEntry

        package init(study: CatalogStudy, series: SeriesEntry) {
            self.study = study
            self.series = series
        }
    }
}
