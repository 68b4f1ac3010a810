import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity

/// DICOMweb below a DICOM store's resource name, with the Healthcare API's answers as they are, and searches answered by
/// the catalog.
///
/// Only the addresses in them are those of this service. The path is built from parsed identifiers, and the query loses
/// what looks like a credential.
struct CloudArchiveController: Sendable {
    private static let root = "\(CloudAdministrationController.store)/dicomWeb"
    private static let study = "\(root)/studies/{study}"
    private static let series = "\(study)/series/{series}"
    private static let instance = "\(series)/instances/{instance}"

    /// The other tree of the same stores, whose limits and whose address for callers hold here too.
    let dicomweb: DICOMwebController
    let deletion: Deletion

    var endpoints: [Endpoint] {
        self.searches + self.retrievals + self.instanceParts + self.verbs + self.writings
    }

    private var searches: [Endpoint] {
        let instances = self.dicomweb.search
        let parts = instances.studies
        return [
            self.searching("\(Self.root)/studies") { place, request, _ in
                try await parts.studies(in: place, for: request)
            },
            self.searching("\(Self.root)/series") { place, request, _ in
                try await parts.series(in: place, for: request)
            },
            self.searching("\(Self.study)/series") { place, request, _ in
                try await parts.series(in: place, for: request)
            },
            self.searching("\(Self.root)/instances", instances.instances),
            self.searching("\(Self.study)/instances", instances.instances),
            self.searching("\(Self.series)/instances", instances.instances),
        ]
    }

    private var retrievals: [Endpoint] {
        [Self.study, Self.series, Self.instance].flatMap { template in
            [
                self.reading(template, media: .objects, reach: .permitted) { target, _ in target.archivePath },
                self.reading("\(template)/metadata", media: .dataSets, reach: .permitted) { target, _ in
                    "\(target.archivePath)/metadata"
                },
            ]
        }
    }

    private var instanceParts: [Endpoint] {
        [
            self.reading("\(Self.instance)/rendered", isRendition: true) { target, _ in
                "\(target.archivePath)/rendered"
            },
            self.reading("\(Self.instance)/frames/{frames}") { target, context in
                let frames = try FrameList(parsing: context.parameters["frames"])
                return "\(target.archivePath)/frames/\(frames.text)"
            },
            self.reading("\(Self.instance)/frames/{frames}/rendered", isRendition: true) { target, context in
                let frames = try FrameList(parsing: context.parameters["frames"])
                return "\(target.archivePath)/frames/\(frames.text)/rendered"
            },
            self.reading("\(Self.instance)/bulkdata/**") { target, context in
                let path = try BulkDataPath(segments: context.parameters.getCatchAll())
                return "\(target.archivePath)/bulkdata/\(path.text)"
            },
        ]
    }

    private var verbs: [Endpoint] {
        [
            self.reading("\(Self.study):getStudyMetrics") { target, _ in "\(target.archivePath):getStudyMetrics" },
            self.reading("\(Self.series):getSeriesMetrics") { target, _ in "\(target.archivePath):getSeriesMetrics" },
            self.reading("\(Self.instance):getStorageInfo") { target, _ in "\(target.archivePath):getStorageInfo" },
        ] + [Self.study, Self.series, Self.instance].map { self.storageChange($0) }
    }

    private var writings: [Endpoint] {
        [
            Endpoint(.post, "\(Self.root)/studies", .dicomWebWrite, handler: self.store),
            Endpoint(.post, Self.study, .dicomWebWrite, reach: .adding, handler: self.store),
        ]
            + [Self.study, Self.series, Self.instance].map {
                Endpoint(.delete, $0, .dicomWebDelete, handler: self.remove)
            }
    }

    private func searching(
        _ template: String,
        _ answer: @escaping @Sendable (SearchPlace, Request, CallerContext) async throws -> Response
    ) -> Endpoint {
        Endpoint(
            .get,
            template,
            .dicomWebRead,
            reach: .listed,
            offersHead: false,
            endsWithClient: true
        ) { request, context, target in
            let target: CloudStoreTarget = target
            let place = SearchPlace(
                store: target.store,
                study: target.study,
                series: target.series,
                root: "\(self.dicomweb.origin(of: request))/v1/\(target.path)/dicomWeb",
                isCloud: true,
                visibility: context.visibility(of: [target.store])
            )
            return try await answer(place, request, context)
        }
    }

    private func reading(
        _ template: String,
        isRendition: Bool = false,
        media: AnswerMedia = .objects,
        reach: AccessGate.Reach = .whole,
        _ path: @escaping @Sendable (CloudStoreTarget, CallerContext) throws -> String
    ) -> Endpoint {
        Endpoint(.get, template, .dicomWebRead, reach: reach, offersHead: false) { request, context, target in
            let target: CloudStoreTarget = target
            var upstream = UpstreamRequest(.get, try path(target, context))
            upstream.query = try CloudQuery(parsing: request.uri.query).text
            upstream.headers[.accept] = request.headers[.accept]
            if case .series(let series) = context.part, let study = target.study {
                let composition = SeriesComposition(
                    requests: SeriesComposition.requests(upstream, of: study, in: series),
                    upstream: target.store.upstream,
                    call: context.reading,
                    media: media
                ) { answer in
                    try await self.rewrite(answer, of: target, for: request)
                }
                return try await composition.response(
                    to: request,
                    holding: self.dicomweb.limits.heldListBytesMax
                )
            }
            let answer = try await target.store.upstream.exchange(upstream, context.reading)
            let rewrite = try await self.rewrite(answer, of: target, for: request)
            var response = try await cloudReading(
                answer,
                rewriting: rewrite,
                holding: self.dicomweb.limits.heldListBytesMax,
                to: request
            )
            if isRendition { response.headers[renditionHeader] = "preview" }
            return response
        }
    }

    private func storageChange(_ template: String) -> Endpoint {
        let verb = ":setBlobStorageSettings"
        return Endpoint(.post, "\(template)\(verb)", .storageSettings) { request, context, target in
            let target: CloudStoreTarget = target
            var upstream = UpstreamRequest(.post, target.archivePath + verb)
            upstream.query = try CloudQuery(parsing: request.uri.query).text
            upstream.headers = [.accept: "application/json", .contentType: "application/json"]
            upstream.body = .bytes(try await CloudBody.read(request))
            return try cloudAnswer(try await target.store.upstream.exchange(upstream, context.writing))
        }
    }

    @Sendable private func store(
        _ request: Request,
        context: CallerContext,
        target: CloudStoreTarget
    ) async throws -> Response {
        if target.study == nil || StoreContentType.isOfFiles(request.headers[.contentType]),
            let admission = context.admission(to: target.store.name)
        {
            try StoreContentType.check(request.headers[.contentType])
            let dicomweb = self.dicomweb
            return try await SingleStoring(
                limits: dicomweb.limits,
                catalog: dicomweb.catalog,
                changes: dicomweb.changes
            )
            .answer(
                request,
                in: target.store,
                context,
                admission,
                to: target.study,
                root: "\(dicomweb.origin(of: request))/v1/\(target.path)/dicomWeb"
            )
        }
        var head = UpstreamRequest(.post, target.study == nil ? "studies" : target.archivePath)
        head.query = try CloudQuery(parsing: request.uri.query).text
        head.headers[.accept] = request.headers[.accept]
        head.headers[.contentType] = request.headers[.contentType]
        let (sent, upstream, call, limits) = (head, target.store.upstream, context.writing, self.dicomweb.limits)
        let body = try UploadBody(request, bytesMax: limits.storeBytesMax)
        let accepted = [200, 202, 409]
        let answer = try await self.dicomweb.catalog.storing(nil, in: target.store.name) {
            let answer = try await body.sending(buffering: limits.relayedBytesMax) { bytes in
                var request = sent
                request.body = UpstreamRequest.Body(bytes: bytes, length: body.length)
                return try await StoreAnswer.read(try await upstream.exchange(request, call), limits: limits)
            }
            if accepted.contains(answer.response.status) {
                await context.noteStored(Array(answer.instances), in: target.store.name, self.dicomweb.catalog)
            }
            return answer
        }
        guard accepted.contains(answer.response.status) else { return try cloudAnswer(answer.response) }
        for study in answer.studies {
            context.touched.stored(study)
            await self.dicomweb.changes.report(StudyChange(.stored, of: study, in: target.store.name))
        }
        let rewrite = try await self.rewrite(answer.response, of: target, for: request)
        return try cloudAnswer(answer.response, rewriting: rewrite)
    }

    @Sendable private func remove(
        _ request: Request,
        context: CallerContext,
        target: CloudStoreTarget
    ) async throws -> Response {
        guard let study = target.study else { throw CollimatorError(.internalError, "nothing to delete was named") }
        let outcome = try await self.deletion.begin(
            Deletion.Subject(store: target.store, study: study, path: target.archivePath),
            query: try CloudQuery(parsing: request.uri.query).text,
            for: context.caller.principal
        )
        return try cloudAnswer(outcome.answer.response)
    }

    /// The rewriting of the upstream's address to ours, for the media types that carry addresses.
    private func rewrite(
        _ answer: UpstreamResponse,
        of target: CloudStoreTarget,
        for request: Request
    ) async throws -> ByteReplacer? {
        guard let type = answer.headers[.contentType]?.lowercased(), type.contains("application/dicom+") else {
            return nil
        }
        let root = try await target.store.upstream.rootURL()
        return ByteReplacer(replacing: root, by: "\(self.dicomweb.origin(of: request))/v1/\(target.path)/dicomWeb")
    }
}
