package import DICOMweb

/// What the catalog asks of the DICOM store behind it, as closures.
///
/// Errors are the client's; where they say how long the store is to be left alone, that is obeyed.
package struct CatalogUpstream: Sendable {
    /// The largest page that the store gives.
    package var pageSize: Int
    /// The largest offset that the store takes; what lies beyond is reached through windows of days.
    package var offsetMax: Int
    /// What entries depend on beside the store, such as configured values that stand in them; where it has changed, the
    /// catalog of the store is built anew.
    package var settings = ""
    /// How many requests are made of the store; nil where it does not matter.
    ///
    /// The closures count what they ask for.
    package var rate: RequestRate?
    /// One page of studies with every attribute of the level; empty where there are no more.
    package var studies: @Sendable (_ page: UpstreamPage) async throws -> [DataSet]
    /// One page of the series of the whole store, each with its Study Instance UID.
    package var series: @Sendable (_ page: UpstreamPage) async throws -> [DataSet]
    /// A study with its series and their counts; nil where the store does not have it.
    package var study: @Sendable (_ study: StudyUID) async throws -> StudyEntry?
    /// How many studies the store says it has; nil where it does not say.
    package var studyCount: @Sendable () async throws -> Int?
    /// How many instances the store says it has; nil where it does not say.
    package var instanceCount: @Sendable () async throws -> Int? = { nil }

    /// The series that the objects of a series refer to; nil where nobody can say.
    package var references: @Sendable (_ study: StudyUID, _ series: SeriesUID) async throws -> Set<SeriesUID>? = {
        _,
        _ in nil
    }

    /// The instance with that UID; nil where the store does not have it.
    package var instance: @Sendable (_ instance: InstanceUID) async throws -> StoredInstance? = { _ in nil }

    package init(
        pageSize: Int = 5_000,
        offsetMax: Int = 1_000_000,
        studies: @escaping @Sendable (_ page: UpstreamPage) async throws -> [DataSet],
        series: @escaping @Sendable (_ page: UpstreamPage) async throws -> [DataSet],
        study: @escaping @Sendable (_ study: StudyUID) async throws -> StudyEntry?,
        studyCount: @escaping @Sendable () async throws -> Int?
    ) {
        precondition(pageSize > 0 && offsetMax >= pageSize, "a page fits below the largest offset")
        self.pageSize = pageSize
        self.offsetMax = offsetMax
        self.studies = studies
        self.series = series
        self.study = study
        self.studyCount = studyCount
    }
}

/// Which rows of a search are asked for.
package struct UpstreamPage: Hashable, Sendable {
    /// Only what is dated within these days; nil for all, also what has no date.
    package var window: DayWindow?
    package var limit: Int
    package var offset: Int

    package init(window: DayWindow? = nil, limit: Int, offset: Int = 0) {
        self.window = window
        self.limit = limit
        self.offset = offset
    }
}

/// Some days, both ends included, as numbers `YYYYMMDD` in the order of the calendar.
package struct DayWindow: Hashable, Sendable, Codable {
    package let from: Int
    package let to: Int

    /// Every day that a DICOM date can name.
    package static let all = DayWindow(from: 1_01_01, to: 9999_12_31)

    package init(from: Int, to: Int) {
        precondition(from <= to, "a window of days begins before it ends")
        self.from = from
        self.to = to
    }

    /// The older and the newer half; nil where the window is one day.
    ///
    /// Years are halved first, then months, then days; a number between that names no day does no harm.
    var halves: (older: DayWindow, newer: DayWindow)? {
        guard self.from < self.to else { return nil }
        let (firstYear, lastYear) = (self.from / 10_000, self.to / 10_000)
        let (firstMonth, lastMonth) = (self.from / 100, self.to / 100)
        if firstYear < lastYear {
            let year = firstYear + (lastYear - firstYear) / 2
            return self.divided(at: year * 10_000 + 12_31, next: (year + 1) * 10_000 + 1_01)
        } else if firstMonth < lastMonth {
            let month = firstMonth + (lastMonth - firstMonth) / 2
            return self.divided(at: month * 100 + 31, next: (month + 1) * 100 + 1)
        } else {
            let day = self.from + (self.to - self.from) / 2
            return self.divided(at: day, next: day + 1)
        }
    }

    private func divided(at last: Int, next: Int) -> (older: DayWindow, newer: DayWindow) {
        (DayWindow(from: self.from, to: last), DayWindow(from: next, to: self.to))
    }
}
