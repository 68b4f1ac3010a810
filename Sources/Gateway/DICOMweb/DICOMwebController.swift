import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird

/// DICOMweb for viewers: search, retrieve and store, passed through to the upstream as they stream.
///
/// The upstream's path is built from parsed identifiers and its headers from an allow-list, so that nothing of the
/// caller reaches it unread. URLs in JSON and XML answers are rewritten to this service.
struct DICOMwebController: Sendable {
    static let root = "/dicomweb/{store}"
    private static let study = "\(root)/studies/{study}"
    private static let series = "\(study)/series/{series}"
    private static let instance = "\(series)/instances/{instance}"

    let limits: GatewayLimits
    /// Where callers reach this service; nil where each request's own host is used.
    let publicURL: String?
    /// Hears of every study that is written.
    let changes: StudyChanges
    /// Whether callers reach this service by TLS, where each request's own host is used.
    let isEncrypted: Bool

    var endpoints: [Endpoint] {
        self.searches + self.retrievals + self.instanceParts + self.stores + self.deletions + [self.description]
    }

    private var searches: [Endpoint] {
        [
            Endpoint(.get, "\(Self.root)/studies", .dicomWebRead) { request, context, target in
                try await self.search("studies", in: target as StoreTarget, request: request, context: context)
            },
            Endpoint(.get, "\(Self.root)/series", .dicomWebRead) { request, context, target in
                try await self.search("series", in: target as StoreTarget, request: request, context: context)
            },
            Endpoint(.get, "\(Self.root)/instances", .dicomWebRead) { request, context, target in
                try await self.search("instances", in: target as StoreTarget, request: request, context: context)
            },
            Endpoint(.get, "\(Self.study)/series", .dicomWebRead) { request, context, target in
                let target: StudyTarget = target
                return try await self.search(
                    "\(target.path)/series",
                    in: target,
                    request: request,
                    context: context
                )
            },
            Endpoint(.get, "\(Self.study)/instances", .dicomWebRead) { request, context, target in
                let target: StudyTarget = target
                return try await self.search(
                    "\(target.path)/instances",
                    in: target,
                    request: request,
                    context: context
                )
            },
            Endpoint(.get, "\(Self.series)/instances", .dicomWebRead) { request, context, target in
                let target: SeriesTarget = target
                return try await self.search(
                    "\(target.path)/instances",
                    in: target,
                    request: request,
                    context: context
                )
            },
        ]
    }

    private var retrievals: [Endpoint] {
        [
            self.retrieval(Self.study, .objects) { (target: StudyTarget) in target.path },
            self.retrieval(Self.series, .objects) { (target: SeriesTarget) in target.path },
            self.retrieval(Self.instance, .objects) { (target: InstanceTarget) in target.path },
            self.retrieval("\(Self.study)/metadata", .dataSets) { (target: StudyTarget) in "\(target.path)/metadata" },
            self.retrieval("\(Self.series)/metadata", .dataSets) { (target: SeriesTarget) in "\(target.path)/metadata"
            },
            self.retrieval("\(Self.instance)/metadata", .dataSets) { (target: InstanceTarget) in
                "\(target.path)/metadata"
            },
        ]
    }

    private var deletions: [Endpoint] {
        [
            Endpoint(.delete, Self.study, .dicomWebDelete) { _, context, target in
                let target: StudyTarget = target
                return try await self.delete(target.path, of: target, context: context)
            },
            Endpoint(.delete, Self.series, .dicomWebDelete) { _, context, target in
                let target: SeriesTarget = target
                return try await self.delete(target.path, of: target.parent, context: context)
            },
            Endpoint(.delete, Self.instance, .dicomWebDelete) { _, context, target in
                let target: InstanceTarget = target
                return try await self.delete(target.path, of: target.parent.parent, context: context)
            },
        ]
    }

    /// What is here, for those who begin at the root; the services are named as in PS3.18 §10.
    private var description: Endpoint {
        Endpoint(.get, Self.root, .dicomWebRead) { request, _, target in
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
            Endpoint(.post, "\(Self.study)", .dicomWebWrite) { request, context, target in
                let target: StudyTarget = target
                return try await self.store(target.path, in: target, request: request, context: context)
            },
        ]
    }

    private func retrieval<Target: StoreBoundTarget>(
        _ template: String,
        _ media: AnswerMedia,
        _ path: @escaping @Sendable (Target) -> String
    ) -> Endpoint {
        Endpoint(.get, template, .dicomWebRead) { request, context, target in
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
        try await self.rendition("\(target.path)/rendered", in: target, request: request, context: context)
    }

    @Sendable private func renderedFrames(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        let frames = try FrameList(parsing: context.parameters["frames"])
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
}

extension StoreTarget: StoreBoundTarget {}
extension StudyTarget: StoreBoundTarget {}
extension SeriesTarget: StoreBoundTarget {}
extension InstanceTarget: StoreBoundTarget {}
