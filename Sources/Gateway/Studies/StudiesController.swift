import CollimatorCore
import DICOMweb
import Hummingbird
import Identity

/// One study, with its series and instances where they are asked for.
struct StudiesController: Sendable {
    var endpoints: [Endpoint] {
        [Endpoint(.get, "/api/v1/stores/{store}/studies/{study}", .dicomWebRead, handler: self.find)]
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        let lists = try StudyInclusion.parse(request.uri.query)
        let parts = StudyParts(target: target, call: context.reading)
        async let study = Self.study(target, context: context)
        async let series = parts.series()
        async let instances = lists.contains(.instances) ? parts.instances() : nil
        let known = try await StudyBody.Parts(series: series, instances: instances, lists: lists)
        guard let body = StudyBody.json(try await study, in: target.store.name, parts: known) else {
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

    private static var unusableStudy: CollimatorError {
        CollimatorError(.upstreamInvalid, "the upstream named a study without a usable UID")
    }
}

/// What a study or a series may be asked to list beside itself.
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
