import CollimatorCore
import DICOMweb
import Hummingbird
import Identity

/// Studies of one store: search, and one study with its series and instances.
struct StudiesController: Sendable {
    /// The most instances that one answer lists; a study with more is refused rather than shown in part.
    static let instancesMax = 20_000
    /// The most series that one answer lists.
    static let seriesMax = 5_000
    /// How many the upstream is asked for at a time; it gives no more than this in one answer (facts §2.2).
    static let pageSize = 5_000

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/api/v1/stores/{store}/studies", .dicomWebRead, handler: self.list),
            Endpoint(.get, "/api/v1/stores/{store}/studies/{study}", .dicomWebRead, handler: self.find),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        let search = try StudySearch(parsing: request.uri.query)
        let found = try await target.store.upstream.search(search.upstream, context.reading)
        let items = found.prefix(search.limit).compactMap { StudyBody.json($0, in: target.store.name) }
        guard items.count == min(found.count, search.limit) else { throw Self.unusableStudy }
        return jsonAnswer(
            .object([("items", .array(items)), ("nextCursor", .text(search.next(found: found.count)))]),
            to: request
        )
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        let lists = try StudyInclusion.parse(request.uri.query)
        let upstream = target.store.upstream
        async let study = Self.study(target, context: context)
        async let series = Self.all(.series(of: target.study), max: Self.seriesMax, from: upstream, context: context)
        async let instances =
            lists.contains(.instances)
            ? Self.all(.instances(of: target.study), max: Self.instancesMax, from: upstream, context: context) : nil
        let parts = try await StudyBody.Parts(series: series, instances: instances, lists: lists)
        guard let body = StudyBody.json(try await study, in: target.store.name, parts: parts) else {
            throw Self.unusableStudy
        }
        return jsonAnswer(body, to: request)
    }

    private static func study(_ target: StudyTarget, context: CallerContext) async throws -> DataSet {
        var search = UpstreamSearch(
            .studies,
            matches: [UpstreamSearch.Match(.studyInstanceUID, target.study.rawValue)],
            limit: 2
        )
        search.includedFields = [.studyDescription]
        let found = try await target.store.upstream.search(search, context.reading)
        guard let study = found.first else {
            throw CollimatorError(.notFound, "the store has no study of this UID")
        }
        guard found.count == 1, study.string(.studyInstanceUID) == target.study.rawValue else {
            throw Self.unusableStudy
        }
        return study
    }

    /// Every answer of a search, page by page until a short page comes.
    private static func all(
        _ scope: UpstreamSearch.Scope,
        max: Int,
        from upstream: StoreUpstream,
        context: CallerContext
    ) async throws -> [DataSet] {
        var all: [DataSet] = []
        while all.count <= max {
            var search = UpstreamSearch(scope, limit: Self.pageSize, offset: all.count)
            search.includedFields = Self.includedFields(scope)
            let page = try await upstream.search(search, context.reading)
            all.append(contentsOf: page)
            if page.count < Self.pageSize { return all }
        }
        throw CollimatorError(
            .unprocessable,
            "a study has more parts than one answer may list",
            publicDetail: "The study has more series or instances than one answer may list. Use /dicomweb instead."
        )
    }

    private static func includedFields(_ scope: UpstreamSearch.Scope) -> [Tag] {
        switch scope {
        case .studies: [.studyDescription]
        case .series: [.seriesNumber]
        case .instances, .allInstances: [.seriesInstanceUID]
        }
    }

    private static var unusableStudy: CollimatorError {
        CollimatorError(.upstreamInvalid, "the upstream named a study without a usable UID")
    }
}

/// What a study may be asked to list beside itself.
enum StudyInclusion: String, Sendable, CaseIterable {
    case series
    case instances

    /// Reads `?include=series,instances`; instances come inside their series.
    static func parse(_ query: String?) throws(CollimatorError) -> Set<StudyInclusion> {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["include"],
            detail: "The request has an unknown parameter. Known is include."
        )
        guard let text = try parameters.single("include") else { return [] }
        var lists: Set<StudyInclusion> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let list = StudyInclusion(rawValue: String(word)) else {
                throw CollimatorError(
                    .invalidInput,
                    "include names something unknown",
                    publicDetail: "The parameter include takes series and instances, separated by a comma."
                )
            }
            lists.insert(list)
        }
        return lists.contains(.instances) ? lists.union([.series]) : lists
    }
}

extension CallerContext {
    /// A reading upstream call for this caller.
    var reading: UpstreamCall { UpstreamCall(tier: .read, principal: self.caller.principal) }

    /// A writing upstream call for this caller.
    var writing: UpstreamCall { UpstreamCall(tier: .write, principal: self.caller.principal) }

    /// A deleting upstream call for this caller.
    var deleting: UpstreamCall { UpstreamCall(tier: .delete, principal: self.caller.principal) }
}
