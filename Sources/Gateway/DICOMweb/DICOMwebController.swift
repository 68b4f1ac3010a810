import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Imaging

/// DICOMweb for viewers: retrieve and store, passed through to the upstream as they stream, and search, answered by the
/// catalog.
///
/// The upstream's path is built from parsed identifiers and its headers from an allow-list, so that nothing of the
/// caller reaches it unread. URLs in JSON and XML answers are rewritten to this service.
struct DICOMwebController: Sendable {
    static let root = "/dicomweb/{store}"
    private static let study = "\(root)/studies/{study}"
    private static let series = "\(study)/series/{series}"
    private static let instance = "\(series)/instances/{instance}"

    let limits: GatewayLimits
    /// What answers searches for studies and series.
    let catalog: StudyCatalog
    /// Where callers reach this service; nil where each request's own host is used.
    let publicURL: String?
    /// Hears of every study that is written.
    let changes: StudyChanges
    /// Whether callers reach this service by TLS, where each request's own host is used.
    let isEncrypted: Bool
    /// Keeps pictures; nil where each is asked of the store.
    var thumbnails: ThumbnailService?

    var endpoints: [Endpoint] {
        self.searches + self.retrievals + self.instanceParts + self.stores + [self.description]
    }

    private var searches: [Endpoint] {
        let instances = self.search
        let parts = instances.studies
        return [
            self.searching("\(Self.root)/studies", by: StoreTarget.self) { place, request, _ in
                try await parts.studies(in: place, for: request)
            },
            self.searching("\(Self.root)/series", by: StoreTarget.self) { place, request, _ in
                try await parts.series(in: place, for: request)
            },
            self.searching("\(Self.study)/series", by: StudyTarget.self) { place, request, _ in
                try await parts.series(in: place, for: request)
            },
            self.searching("\(Self.root)/instances", by: StoreTarget.self, instances.instances),
            self.searching("\(Self.study)/instances", by: StudyTarget.self, instances.instances),
            self.searching("\(Self.series)/instances", by: SeriesTarget.self, instances.instances),
        ]
    }

    private var retrievals: [Endpoint] {
        [
            self.retrieval(Self.study, .objects, reach: .permitted) { (target: StudyTarget) in target.path },
            self.retrieval(Self.series, .objects) { (target: SeriesTarget) in target.path },
            self.retrieval(Self.instance, .objects) { (target: InstanceTarget) in target.path },
            self.retrieval("\(Self.study)/metadata", .dataSets, reach: .permitted) { (target: StudyTarget) in
                "\(target.path)/metadata"
            },
            self.retrieval("\(Self.series)/metadata", .dataSets) { (target: SeriesTarget) in "\(target.path)/metadata"
            },
            self.retrieval("\(Self.instance)/metadata", .dataSets) { (target: InstanceTarget) in
                "\(target.path)/metadata"
            },
        ]
    }

    /// What is here, for those who begin at the root; the services are named as in PS3.18 §10.
    private var description: Endpoint {
        Endpoint(.get, Self.root, .dicomWebRead, reach: .listed) { request, _, target in
            let target: StoreTarget = target
            let root = "\(self.origin(of: request))/dicomweb/\(target.store.name)"
            let services = ["search", "retrieve", "store", "delete"]
            return jsonAnswer(
                .object([
                    ("store", .string(target.store.name.rawValue)),
                    ("services", .array(services.map(JSONValue.string))),
                    (
                        "links",
                        .object([
                            ("studies", .string("\(root)/studies")), ("series", .string("\(root)/series")),
                            ("instances", .string("\(root)/instances")),
                        ])
                    ),
                ]),
                to: request
            )
        }
    }

    private var instanceParts: [Endpoint] {
        [
            Endpoint(.get, "\(Self.instance)/rendered", .dicomWebRead, handler: self.rendered),
            Endpoint(
                .get,
                "\(Self.instance)/frames/{frames}",
                .dicomWebRead,
                handler: self.frames
            ),
            Endpoint(
                .get,
                "\(Self.instance)/frames/{frames}/rendered",
                .dicomWebRead,
                handler: self.renderedFrames
            ),
            self.bulkData("bulkdata"),
            self.bulkData("bulk"),
            Endpoint(.get, "\(Self.study)/rendered", .dicomWebRead) { request, context, target in
                let target: StudyTarget = target
                return try await self.wholeRendition(
                    "\(target.path)/rendered",
                    in: target,
                    request: request,
                    context: context
                )
            },
            Endpoint(.get, "\(Self.series)/rendered", .dicomWebRead) { request, context, target in
                let target: SeriesTarget = target
                return try await self.wholeRendition(
                    "\(target.path)/rendered",
                    in: target,
                    request: request,
                    context: context
                )
            },
        ]
    }

    private var stores: [Endpoint] {
        [
            Endpoint(.post, "\(Self.root)/studies", .dicomWebWrite) { request, context, target in
                try await self.store("studies", in: target as StoreTarget, request: request, context: context)
            },
            Endpoint(.post, "\(Self.study)", .dicomWebWrite, reach: .adding) { request, context, target in
                let target: StudyTarget = target
                return try await self.store(target.path, in: target, request: request, context: context)
            },
        ]
    }

    /// Searches of both trees.
    var search: InstanceSearch {
        InstanceSearch(studies: IndexedSearch(catalog: self.catalog), limits: self.limits)
    }

    private func searching<Target: StoreBoundTarget>(
        _ template: String,
        by target: Target.Type,
        _ answer: @escaping @Sendable (SearchPlace, Request, CallerContext) async throws -> Response
    ) -> Endpoint {
        Endpoint(.get, template, .dicomWebRead, reach: .listed, endsWithClient: true) { request, context, target in
            let target: Target = target
            let place = SearchPlace(
                store: target.store,
                study: target.searchedStudy,
                series: target.searchedSeries,
                root: "\(self.origin(of: request))/dicomweb/\(target.store.name)",
                isCloud: false,
                visibility: context.visibility(of: [target.store])
            )
            return try await answer(place, request, context)
        }
    }

    private func retrieval<Target: StoreBoundTarget>(
        _ template: String,
        _ media: AnswerMedia,
        reach: AccessGate.Reach = .whole,
        _ path: @escaping @Sendable (Target) -> String
    ) -> Endpoint {
        Endpoint(.get, template, .dicomWebRead, reach: reach) { request, context, target in
            let target: Target = target
            return try await self.retrieve(path(target), media, in: target, request: request, context: context)
        }
    }

    @Sendable private func frames(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        let frames = try FrameList(parsing: context.parameters["frames"])
        return try await self.retrieve(
            "\(target.path)/frames/\(frames.text)",
            .objects,
            in: target,
            request: request,
            context: context
        )
    }

    @Sendable private func rendered(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        if let kept = try await self.keptRendition(of: target, frame: nil, request: request) { return kept }
        return try await self.rendition("\(target.path)/rendered", in: target, request: request, context: context)
    }

    @Sendable private func renderedFrames(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        let frames = try FrameList(parsing: context.parameters["frames"])
        if frames.count == 1, let frame = Int(frames.text),
            let kept = try await self.keptRendition(of: target, frame: frame, request: request)
        {
            return kept
        }
        return try await self.rendition(
            "\(target.path)/frames/\(frames.text)/rendered",
            in: target,
            request: request,
            context: context
        )
    }

    /// `name` is what the upstream calls it: `bulkdata` in the Healthcare API, `bulk` in Orthanc.
    private func bulkData(_ name: String) -> Endpoint {
        Endpoint(.get, "\(Self.instance)/\(name)/**", .dicomWebRead) { request, context, target in
            let target: InstanceTarget = target
            let isStrict = target.store.resource != nil
            let path = try BulkDataPath(segments: context.parameters.getCatchAll(), isStrict: isStrict)
            return try await self.retrieve(
                "\(target.path)/\(name)/\(path.text)",
                isStrict ? .objects : .plainValues,
                in: target,
                request: request,
                context: context
            )
        }
    }
}

/// A target that lies in a store.
protocol StoreBoundTarget: RouteTarget {
    var store: GatewayStore { get }
    /// The study within which a search looks, if it is not the whole store.
    var searchedStudy: StudyUID? { get }
    /// The series within which a search looks, if it is not more.
    var searchedSeries: SeriesUID? { get }
}

extension StoreTarget: StoreBoundTarget {
    var searchedStudy: StudyUID? { nil }
    var searchedSeries: SeriesUID? { nil }
}

extension StudyTarget: StoreBoundTarget {
    var searchedStudy: StudyUID? { self.study }
    var searchedSeries: SeriesUID? { nil }
}

extension SeriesTarget: StoreBoundTarget {
    var searchedStudy: StudyUID? { self.parent.study }
    var searchedSeries: SeriesUID? { self.series }
}

extension InstanceTarget: StoreBoundTarget {
    var searchedStudy: StudyUID? { self.parent.searchedStudy }
    var searchedSeries: SeriesUID? { self.parent.searchedSeries }
}

extension CloudStoreTarget {
    var searchedStudy: StudyUID? { self.study }
    var searchedSeries: SeriesUID? { self.series }
}
