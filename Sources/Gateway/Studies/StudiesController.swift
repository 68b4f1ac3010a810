import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import Identity

/// One study, with its series and instances where they are asked for, and what else the patient has.
struct StudiesController: Sendable {
    let catalog: StudyCatalog
    let links: SignedLinks

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                "/api/v1/stores/{store}/studies/{study}",
                .dicomWebRead,
                reach: .permitted,
                handler: self.find
            )
        ]
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        let (lists, links) = try StudyInclusion.parse(request.uri.query)
        let parts = StudyParts(target: target, part: context.part, call: context.reading)
        async let known = KnownStudy.read(target, context.part, from: self.catalog)
        async let listed = lists.contains(.instances) ? parts.instances() : nil
        var study = try await known
        let instances = try await listed
        if let instances, !study.has(instances) {
            // Somebody wrote to the study behind our back: what is listed together has to agree.
            try await self.catalog.changed(target.study, in: target.store.name)
            study = try await KnownStudy.read(target, context.part, from: self.catalog)
        }
        let body = StudyBody.json(
            study.study,
            parts: StudyBody.Parts(
                series: study.series,
                instances: instances,
                listsSeries: lists.contains(.series),
                listsInstances: lists.contains(.instances)
            )
        )
        return jsonAnswer(try links.applied(to: body, by: self.links, for: context.caller), to: request)
    }
}

/// What a study or a series may be asked to list beside itself.
enum StudyInclusion: String, Sendable, CaseIterable {
    case series
    case instances

    /// Reads `?include=series,instances`, where instances come inside their series, and the form of the links.
    static func parse(_ query: String?) throws(CollimatorError) -> (Set<StudyInclusion>, LinkForm) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["include", LinkForm.parameter],
            detail: "The request has an unknown parameter. Known are include and links."
        )
        return (try Self.lists(parameters), try LinkForm(parameters))
    }

    private static func lists(_ parameters: QueryParameters) throws(CollimatorError) -> Set<StudyInclusion> {
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
