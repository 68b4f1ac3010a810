import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird

/// Searches for studies and series (QIDO-RS, PS3.18 §10.6), answered by the catalog whatever the store can search.
struct IndexedSearch: Sendable {
    let catalog: StudyCatalog

    /// How many studies are taken from the catalog at once, so that a long answer does not hold one of its readers.
    static let studiesAtOnce = 500

    /// Studies, the newest first.
    func studies(in place: SearchPlace, for request: Request) async throws -> Response {
        let search = try QIDOSearch(parsing: request.uri.query, at: .study, in: place.store.kind)
        var answer = SearchAnswer(try SearchMedia(acceptedBy: request, parameter: search.accept))
        if let study = search.namedStudy { try await self.readThrough(study, in: place) }
        var isComplete = await self.isComplete(place.store.name)
        let rows = SearchRowWriter(SearchRow(fields: search.fields, root: place.root))
        let limit = search.limit ?? place.limitDefault
        var query = StudyQuery(
            stores: [place.store.name],
            visibility: place.visibility,
            conditions: search.studyConditions,
            limit: 0
        )
        query.offset = search.offset
        var total: StudyPage.Total?
        repeat {
            query.limit = min(limit - answer.count, Self.studiesAtOnce)
            let page = try await self.catalog.search(query)
            total = total ?? page.total
            isComplete = isComplete && page.isComplete
            for study in page.studies { await answer.append(study, as: rows) }
            query.after = page.next
            query.offset = 0
            query.total = .none
        } while query.after != nil && answer.count < limit
        var warnings = search.warnings
        if query.after != nil { warnings.append(.resultsRemain(total?.remaining(after: search.offset + answer.count))) }
        if !isComplete { warnings.append(.isIncomplete) }
        return answer.response(to: request, warnings: warnings)
    }

    /// Series of the store or of one study, those of the newest study first.
    func series(in place: SearchPlace, for request: Request) async throws -> Response {
        let search = try QIDOSearch(parsing: request.uri.query, at: .series, in: place.store.kind)
        var answer = SearchAnswer(try SearchMedia(acceptedBy: request, parameter: search.accept))
        if let study = place.study ?? search.namedStudy { try await self.readThrough(study, in: place) }
        let isComplete = await self.isComplete(place.store.name)
        let rows = SearchRow(fields: search.fields, root: place.root)
        let query = SeriesQuery(
            stores: [place.store.name],
            visibility: place.visibility,
            studyConditions: search.studyConditions + Self.conditions(of: place),
            seriesConditions: search.seriesConditions,
            limit: search.limit ?? place.limitDefault,
            offset: search.offset
        )
        let page = try await self.catalog.searchSeries(query)
        for item in page.series {
            await answer.append(rows.series(item, isAcrossStudies: place.study == nil))
        }
        var warnings = search.warnings
        if page.hasMore { warnings.append(.resultsRemain(nil)) }
        if !isComplete || !page.isComplete { warnings.append(.isIncomplete) }
        return answer.response(to: request, warnings: warnings)
    }

    /// That a study is the one in the path.
    static func conditions(of place: SearchPlace) -> [StudyCondition] {
        place.study.map { [.anyOf(.studyInstanceUID, [$0.rawValue])] } ?? []
    }

    /// Whether everything that the store has is in the catalog as far as is known.
    func isComplete(_ store: StoreName) async -> Bool { await self.catalog.status(of: store)?.isComplete ?? false }

    /// Has a study that somebody names looked up in its store, if the catalog does not know it.
    ///
    /// A store that cannot say so now is no reason not to tell what is known of a study.
    func readThrough(_ study: StudyUID, in place: SearchPlace) async throws {
        let store = place.store.name
        guard place.mayAsk(about: study), await self.catalog.status(of: store) != nil else { return }
        do {
            _ = try await self.catalog.study(study, in: store)
        } catch {
            var query = StudyQuery(
                stores: [store],
                visibility: place.visibility,
                conditions: [.anyOf(.studyInstanceUID, [study.rawValue])],
                limit: 1
            )
            query.total = .none
            guard try await self.catalog.search(query).studies.isEmpty else { return }
            throw error
        }
    }
}

extension StudyPage.Total {
    /// How many there are after so many; nil where it is only known that there are more than some.
    fileprivate func remaining(after count: Int) -> Int? {
        guard case .exact(let total) = self, total > count else { return nil }
        return total - count
    }
}
