import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import ImageCodec
import Imaging

/// Small pictures of studies, series, instances and frames, in both trees.
///
/// Who may see what has been decided before a handler is reached, on each request anew, whatever lies in memory.
struct ThumbnailController: Sendable {
    let thumbnails: ThumbnailService

    var endpoints: [Endpoint] {
        self.routes(below: "/api/v1/stores/{store}/studies/{study}", frame: "frame", isDICOMweb: false)
            + self.routes(below: "/dicomweb/{store}/studies/{study}", frame: "frames", isDICOMweb: true)
            + [
                Endpoint(.get, "/api/v1/thumbnails/stats", .thumbnailsGet, handler: self.statistics),
                Endpoint(.post, "/api/v1/thumbnails/purges", .thumbnailsPurge, handler: self.purge),
            ]
    }

    private func routes(below study: String, frame: Substring, isDICOMweb: Bool) -> [Endpoint] {
        let series = "\(study)/series/{series}"
        let instance = "\(series)/instances/{instance}"
        return [
            Endpoint(
                .get,
                "\(study)/thumbnail",
                .dicomWebRead,
                reach: .permitted,
                isBrief: true,
                atHand: self.studyAtHand(isDICOMweb)
            ) {
                (request: Request, context: CallerContext, target: StudyTarget) async throws -> Response in
                let wish = try ThumbnailRequest(request, isDICOMweb: isDICOMweb)
                // Who may see some series only gets the face of these.
                let permitted: Set<SeriesUID>? = if case .series(let series) = context.part { series } else { nil }
                let picture = try await self.thumbnails.study(
                    target.place,
                    permitted: permitted,
                    size: wish.size,
                    kind: wish.kind
                )
                return pictureAnswer(picture, to: request)
            },
            Endpoint(.get, "\(series)/thumbnail", .dicomWebRead, isBrief: true, atHand: self.seriesAtHand(isDICOMweb)) {
                (request: Request, _: CallerContext, target: SeriesTarget) async throws -> Response in
                let wish = try ThumbnailRequest(request, isDICOMweb: isDICOMweb)
                let picture = try await self.thumbnails.series(
                    target.series,
                    of: target.parent.place,
                    size: wish.size,
                    kind: wish.kind
                )
                return pictureAnswer(picture, to: request)
            },
            Endpoint(
                .get,
                "\(instance)/thumbnail",
                .dicomWebRead,
                isBrief: true,
                atHand: self.instanceAtHand(isDICOMweb)
            ) {
                (request: Request, _: CallerContext, target: InstanceTarget) async throws -> Response in
                let wish = try ThumbnailRequest(request, isDICOMweb: isDICOMweb)
                let picture = try await self.thumbnails.instance(target.address, size: wish.size, kind: wish.kind)
                return pictureAnswer(picture, to: request)
            },
            Endpoint(
                .get,
                "\(instance)/frames/{\(frame)}/thumbnail",
                .dicomWebRead,
                isBrief: true,
                atHand: self.instanceAtHand(isDICOMweb, frame: frame)
            ) {
                (request: Request, context: CallerContext, target: InstanceTarget) async throws -> Response in
                let wish = try ThumbnailRequest(request, isDICOMweb: isDICOMweb)
                let picture = try await self.thumbnails.instance(
                    target.address,
                    frame: try FrameList.single(context.parameters[frame]),
                    size: wish.size,
                    kind: wish.kind
                )
                return pictureAnswer(picture, to: request)
            },
        ]
    }

    @Sendable private func statistics(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let statistics = self.thumbnails.statistics
        return jsonAnswer(
            .object([
                (
                    "hits",
                    .object([
                        ("memory", .integer(statistics.memoryHits)), ("disk", .integer(statistics.diskHits)),
                        ("derived", .integer(statistics.derived)), ("icons", .integer(statistics.icons)),
                    ])
                ),
                (
                    "upstream",
                    .object([
                        ("requests", .integer(statistics.upstreamRequests)),
                        ("failures", .integer(statistics.upstreamFailures)),
                        ("milliseconds", .integer(statistics.upstreamMilliseconds)),
                    ])
                ),
                (
                    "memory",
                    .object([
                        ("bytes", .integer(statistics.memoryBytes)), ("pictures", .integer(statistics.memoryCount)),
                        ("evictions", .integer(statistics.memoryEvictions)),
                    ])
                ),
                (
                    "disk",
                    .object([("bytes", .integer(statistics.diskBytes)), ("pictures", .integer(statistics.diskCount))])
                ),
                ("savedMilliseconds", .integer(statistics.savedMilliseconds)),
            ]),
            to: request
        )
    }

    /// Forgets every picture; what is asked for next is made anew.
    @Sendable private func purge(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        await self.thumbnails.purge(nil)
        return Response(status: .noContent)
    }
}

/// The thumbnail that a client wants.
struct ThumbnailRequest: Sendable {
    let size: ThumbnailSize
    let kind: ImageFormat.Kind
    /// Whether the target says which kind, and not only `Accept`.
    let isKindNamed: Bool

    /// `size` and `format`, and for DICOMweb `viewport` and `accept` in their place (PS3.18 §8.3.5.1.3, §8.3.3.1).
    init(_ request: Request, isDICOMweb: Bool) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: request.uri.query)
        try parameters.refuseWindow()
        try parameters.refuseUnknown(
            known: isDICOMweb ? Self.knownToDICOMweb : Self.known,
            detail: isDICOMweb
                ? "The request has an unknown parameter. Known are size, format, viewport and accept."
                : "The request has an unknown parameter. Known are size and format."
        )
        let largest = ThumbnailSize.largest.rawValue
        let fault: StaticString = "The size must be from 1 to 1024 pixels."
        let edge = try parameters.integer("size", in: 1...largest, fault: fault)
        let box = isDICOMweb ? try Self.viewport(try parameters.single("viewport"), max: largest) : nil
        self.size = (edge ?? box).flatMap { ThumbnailSize(atLeast: $0) } ?? .standard
        let accepted = isDICOMweb ? try parameters.single("accept") : nil
        let format = try parameters.single("format")
        self.isKindNamed = format != nil || accepted != nil
        self.kind = try PictureKind.parse(
            format,
            accept: accepted.map { [$0] } ?? request.headers[values: .accept]
        )
    }

    private static let known: Set<String> = ["size", "format"]
    private static let knownToDICOMweb = Self.known.union(["viewport", "accept"])

    /// The longer side of the box.
    private static func viewport(_ text: String?, max largest: Int) throws(CollimatorError) -> Int? {
        guard let text else { return nil }
        let sides = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = sides.compactMap { side in
            side.count <= 4 && side.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(side) : nil
        }
        guard sides.count == 2, numbers.count == 2, numbers.allSatisfy({ (1...largest).contains($0) }) else {
            throw CollimatorError(
                .invalidInput,
                "the viewport of a thumbnail cannot be read",
                publicDetail: "The viewport is a width and a height from 1 to 1024 pixels, such as 256,256."
            )
        }
        return numbers.max()
    }
}
