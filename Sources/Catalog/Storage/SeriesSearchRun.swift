internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// One search for series within one read of the database: newest study first, the series of a study by UID.
///
/// Series named by UID are found by their index. Otherwise the studies are searched, with what the conditions on series
/// say of them, and the series of each are looked at.
struct SeriesSearchRun {
    private let query: SeriesQuery
    private let studies: StudySearchRun
    private let budget: SearchBudget

    /// Nil where the catalog has nothing of the stores.
    init?(
        _ query: SeriesQuery,
        effort: SearchEffort,
        on connection: any SQLConnection,
        sets: StudySets? = nil
    ) throws {
        var studyQuery = StudyQuery(stores: query.stores, visibility: query.visibility, limit: query.limit)
        studyQuery.offset = query.offset
        studyQuery.conditions = query.studyConditions + query.seriesConditions.compactMap(Self.ofStudy)
        guard let studies = try StudySearchRun(studyQuery, effort: effort, on: connection, sets: sets)
        else { return nil }
        self.query = query
        self.studies = studies
        self.budget = SearchBudget(rows: effort.examinedMax, time: effort.searchTime)
    }

    /// The page.
    ///
    /// - Throws: ``SearchExhausted`` where it was not found within ``SearchEffort``.
    func page() throws -> SeriesPage {
        guard self.uids == nil, let named = self.studies.named else { return try self.page(from: try self.source()) }
        do {
            return try self.page(from: try self.source())
        } catch is SearchExhausted where self.studies.effort.mayScan {
            // The studies that come first are others: those that are named are looked for.
            let effort = self.studies.effort
            let run = SeriesSearchRun(self, SearchBudget(rows: effort.examinedMax, time: effort.searchTime))
            return try run.page(from: try CandidateList(named, self.studies, run.budget))
        }
    }

    private init(_ run: SeriesSearchRun, _ budget: SearchBudget) {
        self.query = run.query
        self.studies = run.studies
        self.budget = budget
    }

    private func page(from source: any MatchSource) throws -> SeriesPage {
        var found: [SeriesPage.Item] = []
        var passed = 0
        var source = source
        while let candidate = try source.next() {
            var study: CatalogStudy?
            for series in try self.series(of: candidate.study) {
                try self.budget.spend(1)
                guard self.matches(series) else { continue }
                passed += 1
                guard passed > self.query.offset else { continue }
                guard found.count < self.query.limit else { return self.page(found, hasMore: true) }
                study = try study ?? self.studies.study(candidate.study)
                if let study { found.append(SeriesPage.Item(study: study, series: series)) }
            }
        }
        return self.page(found, hasMore: false)
    }

    private func page(_ series: [SeriesPage.Item], hasMore: Bool) -> SeriesPage {
        SeriesPage(series: series, hasMore: hasMore, isComplete: self.studies.isComplete)
    }

    /// The studies whose series come into question, in the order of the list.
    private func source() throws -> any MatchSource {
        if let uids = self.uids { return try self.studies(ofSeries: uids) }
        let planner = try SearchPlanner(self.studies)
        return try planner.run.source(planner.plan(), self.budget)
    }

    /// The UIDs that series are asked for by.
    private var uids: [String]? {
        for match in self.query.seriesConditions where match.path == [.seriesInstanceUID] {
            if case .anyOf(let uids) = match.test { return uids }
        }
        return nil
    }

    /// The studies that have a series of these and meet the conditions on studies.
    private func studies(ofSeries uids: [String]) throws -> CandidateList {
        var studies: Set<Int64> = []
        for uid in Set(uids.map(AttributeForm.uid.comparable)) {
            for row in try self.studies.connection.query(Self.byUID, [.text(uid)]) {
                studies.insert(try row.integer(0))
            }
        }
        return try CandidateList(.studies(studies.sorted()), self.studies, self.budget)
    }

    static let byUID = "SELECT r.study FROM series r WHERE r.uid = ?1"

    static let ofStudy = "SELECT r.uid, r.instanceCount, r.attributes FROM series r WHERE r.study = ?1 ORDER BY r.uid"

    /// Those that may be seen.
    private func series(of study: Int64) throws -> [SeriesEntry] {
        let series = try VisibleStudies.series(of: study, on: self.studies.connection)
        guard let visible = self.studies.visible, visible.isPartial else { return series }
        switch try visible.part(of: study, on: self.studies.connection) {
        case .nothing: return []
        case .whole: return series
        case .series(let some): return series.filter { some.contains($0.series) }
        }
    }

    private func matches(_ series: SeriesEntry) -> Bool {
        guard !self.query.seriesConditions.isEmpty else { return true }
        var attributes = series.attributes
        attributes.set(.seriesInstanceUID, series.series.rawValue)
        if let count = series.instanceCount { attributes.set(.numberOfSeriesRelatedInstances, count) }
        return AttributeMatch.allMatch(self.query.seriesConditions, attributes)
    }

    /// What a condition on series says of their study, where the index of studies can tell.
    private static func ofStudy(_ match: AttributeMatch) -> StudyCondition? {
        guard case .anyOf(let values) = match.test else { return nil }
        return switch match.path {
        case [.modality]: .anyOf(.modality, values)
        case [.requestAttributesSequence, .requestedProcedureID]: .anyOf(.requestedProcedureID, values)
        case [.requestAttributesSequence, .scheduledProcedureStepID]: .anyOf(.scheduledProcedureStepID, values)
        default: nil
        }
    }
}
