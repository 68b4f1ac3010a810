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

    var endpoints: [Endpoint] {
        self.searches + self.retrievals + self.instanceParts + self.stores
    }

    private var searches: [Endpoint] {
        [
            Endpoint(.get, "\(Self.root)/studies", .dicomWebRead, offersHead: false) { request, context, target in
                try await self.search("studies", in: target as StoreTarget, request: request, context: context)
            },
            Endpoint(.get, "\(Self.root)/series", .dicomWebRead, offersHead: false) { request, context, target in
                try await self.search("series", in: target as StoreTarget, request: request, context: context)
            },
            Endpoint(.get, "\(Self.root)/instances", .dicomWebRead, offersHead: false) { request, context, target in
                try await self.search("instances", in: target as StoreTarget, request: request, context: context)
            },
            Endpoint(.get, "\(Self.study)/series", .dicomWebRead, offersHead: false) { request, context, target in
                let target: StudyTarget = target
                return try await self.search(
                    "\(target.path)/series",
                    in: target,
                    request: request,
                    context: context
                )
            },
            Endpoint(.get, "\(Self.study)/instances", .dicomWebRead, offersHead: false) { request, context, target in
                let target: StudyTarget = target
                return try await self.search(
                    "\(target.path)/instances",
                    in: target,
                    request: request,
                    context: context
                )
            },
            Endpoint(.get, "\(Self.series)/instances", .dicomWebRead, offersHead: false) { request, context, target in
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
            self.retrieval(Self.study) { (target: StudyTarget) in target.path },
            self.retrieval(Self.series) { (target: SeriesTarget) in target.path },
            self.retrieval(Self.instance) { (target: InstanceTarget) in target.path },
            self.retrieval("\(Self.study)/metadata") { (target: StudyTarget) in "\(target.path)/metadata" },
            self.retrieval("\(Self.series)/metadata") { (target: SeriesTarget) in "\(target.path)/metadata" },
            self.retrieval("\(Self.instance)/metadata") { (target: InstanceTarget) in "\(target.path)/metadata" },
        ]
    }

    private var instanceParts: [Endpoint] {
        [
            Endpoint(.get, "\(Self.instance)/rendered", .dicomWebRead, offersHead: false, handler: self.rendered),
            Endpoint(
                .get,
                "\(Self.instance)/frames/{frames}",
                .dicomWebRead,
                offersHead: false,
                handler: self.frames
            ),
            Endpoint(
                .get,
                "\(Self.instance)/frames/{frames}/rendered",
                .dicomWebRead,
                offersHead: false,
                handler: self.renderedFrames
            ),
            Endpoint(.get, "\(Self.instance)/bulkdata/**", .dicomWebRead, offersHead: false, handler: self.bulkData),
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
        _ path: @escaping @Sendable (Target) -> String
    ) -> Endpoint {
        Endpoint(.get, template, .dicomWebRead, offersHead: false) { request, context, target in
            let target: Target = target
            return try await self.retrieve(path(target), in: target, request: request, context: context)
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

    @Sendable private func bulkData(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        let path = try BulkDataPath(segments: context.parameters.getCatchAll())
        return try await self.retrieve(
            "\(target.path)/bulkdata/\(path.text)",
            in: target,
            request: request,
            context: context
        )
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
