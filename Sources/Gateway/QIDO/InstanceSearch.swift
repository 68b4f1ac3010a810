import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity

/// Searches for instances (PS3.18 §10.6): the store's own business as far as it can, and completed here where it
/// cannot and what must be looked at is little.
struct InstanceSearch: Sendable {
    let studies: IndexedSearch
    let limits: GatewayLimits

    /// The most series that are gone through for one search.
    static let seriesMax = 200
    /// The most instances that are looked at for one search.
    static let instancesMax = 10_000
    /// The largest limit of a client for which the store's own answer is counted, to say whether more may remain.
    static let countedMax = 1_000
    /// The limit of the Healthcare API: what it is asked for where a client asks for everything of a study.
    static let storeLimitMax = 50_000

    func instances(in place: SearchPlace, for request: Request, _ context: CallerContext) async throws -> Response {
        let search = try QIDOSearch(parsing: request.uri.query, at: .instance, in: place.store.kind)
        let call = context.reading
        let answer: UpstreamResponse?
        // The store knows no callers: what it says of more than a series is said here, of the series that are permitted.
        let isFiltered = !place.isUnfiltered && place.series == nil
        if isFiltered {
            return try await self.completed(search, in: place, for: request, call)
        }
        if InstanceQuery.isUnderstood(search, by: place.store.kind) {
            answer = try await self.ask(search, in: place, for: request, call)
        } else {
            answer = nil
        }
        if let answer, answer.status != 400 || place.store.kind == .healthcare {
            return try await self.passed(answer, search, in: place, for: request)
        }
        guard await self.studies.catalog.status(of: place.store.name) != nil,
            place.study != nil || search.keys.contains(where: { $0.level < .instance })
        else { throw Self.unmatchable(in: place.store.kind) }
        return try await self.completed(search, in: place, for: request, call)
    }

    /// The store's own answer.
    private func ask(
        _ search: QIDOSearch,
        in place: SearchPlace,
        for request: Request,
        _ call: UpstreamCall
    ) async throws -> UpstreamResponse {
        var upstream = UpstreamRequest(.get, place.instancesPath)
        upstream.query = InstanceQuery.text(of: search, in: place)
        upstream.headers[.accept] = try AnswerMedia.dataSets.accepted(by: request, parameter: search.accept)
        upstream.timeout = self.limits.smallAnswerTimeout
        return try await place.store.upstream.exchange(upstream, call)
    }

    /// The store's answer as ours, with our address in place of its own.
    ///
    /// The store does not say whether results remain: an answer as long as the client's limit may not be all.
    private func passed(
        _ answer: UpstreamResponse,
        _ search: QIDOSearch,
        in place: SearchPlace,
        for request: Request
    ) async throws -> Response {
        let rewrite = ByteReplacer(replacing: try await place.store.upstream.rootURL(), by: place.root)
        var answer = answer
        var warnings = search.warnings
        if let limit = search.limit, limit <= Self.countedMax, answer.status == 200, Self.isJSON(answer) {
            let collected = try await CollectedAnswer(answer, upTo: InstanceSource.pageBytesMax)
            answer = collected.response
            if Self.count(collected.bytes) >= limit { warnings.append(.resultsRemain(nil)) }
        }
        var response: Response
        if place.isCloud {
            response = try await cloudReading(
                answer,
                rewriting: rewrite,
                holding: self.limits.heldListBytesMax,
                to: request
            )
        } else {
            if answer.status == 400 { throw Self.unmatchable(in: place.store.kind) }
            try refuseFailure(answer, accepting: [200, 204])
            try refuseStrangeMedia(answer, allowing: .dataSets)
            if carriesJSON(answer), answer.status == 200 {
                response = try await heldAnswer(
                    answer.body,
                    rewriting: rewrite,
                    passedHeaders(answer),
                    upTo: self.limits.heldListBytesMax,
                    to: request
                )
            } else {
                response = passThrough(answer, rewriting: rewrite)
            }
        }
        SearchWarning.add(warnings, to: &response.headers)
        return response
    }

    private static func isJSON(_ answer: UpstreamResponse) -> Bool {
        answer.headers[.contentType]?.lowercased().hasPrefix("application/dicom+json") == true
    }

    /// How many rows an answer has; none where it is not what it says, which is passed on as it is.
    private static func count(_ bytes: [UInt8]) -> Int {
        do { return try DICOMJSON.dataSets(from: bytes).count } catch { return 0 }
    }

    /// What the store cannot match is matched here, series by series in the order of the catalog.
    private func completed(
        _ search: QIDOSearch,
        in place: SearchPlace,
        for request: Request,
        _ call: UpstreamCall
    ) async throws -> Response {
        var answer = SearchAnswer(try SearchMedia(acceptedBy: request, parameter: search.accept))
        let rows = SearchRow(fields: search.fields, root: place.root)
        let limit = search.limit ?? place.limitDefault
        let matches = search.keys.filter { $0.level == .instance }.flatMap(\.matches)
        let source = InstanceSource(store: place.store, root: place.root, search: search, limits: self.limits)
        var (passed, examined, isMore) = (0, 0, false)
        for (study, series) in try await self.series(search, in: place) {
            guard !isMore else { break }
            let room = Self.instancesMax - examined
            let path = "studies/\(study.rawValue)/series/\(series.rawValue)/instances"
            let found = try await source.instances(at: path, max: room, for: call)
            guard found.count <= room else { throw Self.tooMany }
            examined += found.count
            for instance in found where AttributeMatch.allMatch(matches, instance) {
                passed += 1
                guard passed > search.offset else { continue }
                guard answer.count < limit else {
                    isMore = true
                    break
                }
                await answer.append(rows.instance(instance, at: "\(path)/\(instance.string(.sopInstanceUID) ?? "")"))
            }
        }
        var warnings = search.warnings
        if isMore { warnings.append(.resultsRemain(nil)) }
        if await !self.studies.isComplete(place.store.name) { warnings.append(.isIncomplete) }
        return answer.response(to: request, warnings: warnings)
    }

    /// The series that the search can be about, found by what it says of studies and series.
    private func series(_ search: QIDOSearch, in place: SearchPlace) async throws -> [(StudyUID, SeriesUID)] {
        if let study = place.study ?? search.namedStudy {
            try await self.studies.readThrough(study, in: place)
        }
        var query = SeriesQuery(
            stores: [place.store.name],
            visibility: place.visibility,
            studyConditions: search.studyConditions + IndexedSearch.conditions(of: place),
            seriesConditions: search.seriesConditions,
            limit: Self.seriesMax
        )
        if let series = place.series {
            query.seriesConditions.append(
                AttributeMatch(path: [.seriesInstanceUID], test: .anyOf([series.rawValue]))
            )
        }
        let page = try await self.studies.catalog.searchSeries(query)
        guard !page.hasMore else { throw Self.tooMany }
        return page.series.map { ($0.study.study, $0.series.series) }
    }

    private static var tooMany: CollimatorError {
        CollimatorError(
            .invalidInput,
            "a search for instances would look at too many",
            publicDetail: """
                The DICOM store cannot match this, and the search is too wide to be completed here: up to 200 series \
                and 10000 instances are looked at. Name a study or a series.
                """
        )
    }

    /// The Healthcare API matches a short list and refuses the rest; of another server it is not known what it matches.
    private static func unmatchable(in kind: GatewayStore.Kind) -> CollimatorError {
        kind == .dicomweb
            ? CollimatorError(
                .invalidInput,
                "upstream: a search was refused",
                publicDetail: "The DICOM store cannot match one of the attributes, or return one of the fields."
            )
            : CollimatorError(
                .invalidInput,
                "upstream: a search was refused",
                publicDetail: """
                    The DICOM store cannot match one of the attributes, or return one of the fields. Without a study \
                    or a series instances are matched by StudyInstanceUID, PatientName, PatientID, AccessionNumber, \
                    ReferringPhysicianName, StudyDate, SeriesInstanceUID, Modality and SOPInstanceUID.
                    """
            )
    }
}
