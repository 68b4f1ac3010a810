import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import ImageCodec
import Imaging

/// Pictures of instances and frames, for finding and previewing; rendered by the upstream, and kept.
///
/// What has no picture but a document (a report, a PDF, a video) gives that.
struct RenderedController: Sendable {
    let thumbnails: ThumbnailService
    let documents: DocumentController

    private static let instance =
        "/api/v1/stores/{store}/studies/{study}/series/{series}/instances/{instance}"

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "\(Self.instance)/rendered", .dicomWebRead, handler: self.rendered),
            Endpoint(
                .get,
                "\(Self.instance)/frames/{frame}/rendered",
                .dicomWebRead,
                handler: self.renderedFrame
            ),
        ]
    }

    @Sendable private func rendered(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        switch try await self.thumbnails.subject(target.address).kind {
        case .report, .document:
            return try await self.documents.answer(target, request: request, context: context)
        case .video where PictureKind.isVideoWelcome(to: request):
            return try await self.video(of: target, request: request, context: context)
        default: return try await self.picture(of: target, frame: nil, request: request)
        }
    }

    /// The video; a picture where the pixels are kept otherwise, or where what the store gave cannot be made out.
    private func video(of target: InstanceTarget, request: Request, context: CallerContext) async throws -> Response {
        do {
            if let video = try await self.documents.video(target, request: request, context: context) { return video }
        } catch let error as CollimatorError where error.code == .upstreamInvalid {
            do {
                return try await self.picture(of: target, frame: nil, request: request)
            } catch let failure as CollimatorError where failure.code != .unavailable {
                // There is no picture either: then what is wrong with the video is what counts.
                throw error
            }
        }
        return try await self.picture(of: target, frame: nil, request: request)
    }

    @Sendable private func renderedFrame(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        let frame = try FrameList.single(context.parameters["frame"])
        return try await self.picture(of: target, frame: frame, request: request)
    }

    private func picture(of target: InstanceTarget, frame: Int?, request: Request) async throws -> Response {
        let wish = try RenditionRequest(parsing: request.uri.query, accept: request.headers[values: .accept])
        return pictureAnswer(try await self.thumbnails.rendered(target.address, frame: frame, wish.wish), to: request)
    }
}

/// A picture as an answer to a GET, with a strong tag of its bytes and 304 where the client has them.
func pictureAnswer(_ picture: Rendition, to request: Request) -> Response {
    let headers = pictureHeaders(picture)
    guard !EntityTag(hash: picture.hash).isHeld(by: request.headers) else { return notModified(headers) }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: picture.bytes)))
}

private func pictureHeaders(_ picture: Rendition) -> HTTPFields {
    [
        .contentType: picture.kind.mediaType,
        .vary: varyByCallerAndAccept,
        .cacheControl: "private, no-cache",
        .eTag: EntityTag(hash: picture.hash).text,
        renditionHeader: "preview",
    ]
}

extension QuickAnswer {
    /// The same answer to a GET with these fields.
    init(_ hit: PictureAtHand, of thumbnails: ThumbnailService, to fields: HTTPFields) {
        let picture = hit.picture
        let count: @Sendable () -> Void = { thumbnails.countGiven(hit) }
        var headers = pictureHeaders(picture)
        guard !EntityTag(hash: picture.hash).isHeld(by: fields) else {
            self.init(head: notModified(headers).head, body: nil, count: count)
            return
        }
        headers[.contentLength] = String(picture.bytes.count)
        self.init(
            head: HTTPResponse(status: .ok, headerFields: headers),
            body: ByteBuffer(bytes: picture.bytes),
            count: count
        )
    }
}

extension InstanceTarget {
    /// The instance as the making of pictures names it.
    var address: ImageAddress {
        ImageAddress(place: self.parent.parent.place, series: self.parent.series, instance: self.instance)
    }
}

extension StudyTarget {
    /// The study as the making of pictures names it.
    var place: StudyPlace { StudyPlace(store: self.store.name, study: self.study) }
}

/// The kind of picture that a client wants, by `format` or by `Accept`.
enum PictureKind {
    /// - Throws: `invalid-input` for an unknown format, `not-acceptable` where none of ours is accepted.
    static func parse(_ format: String?, accept: [String]) throws(CollimatorError) -> ImageFormat.Kind {
        switch format {
        case "jpeg": return .jpeg
        case "png": return .png
        case "webp": return .webp
        case nil: return try self.preferred(accept)
        default:
            throw CollimatorError(
                .invalidInput,
                "the format of the picture is unknown",
                publicDetail: "The format is jpeg, png or webp."
            )
        }
    }

    /// Whether a video is what is wished for where there is one: no picture is described, and none is more welcome.
    static func isVideoWelcome(to request: Request) -> Bool {
        let accept = request.headers[values: .accept]
        guard request.uri.query?.isEmpty ?? true else { return false }
        let best = AcceptHeader(parsing: accept).best(of: Self.videos + [.jpeg, .png, Self.webp])
        return accept.isEmpty || best?.type == "video"
    }

    private static let videos = ["mp4", "mpeg", "mp2t", "h264", "h265"].map { DICOMweb.MediaType("video", $0) }

    /// WebP, the smallest, where a client names it; else JPEG where that and PNG are as welcome.
    private static func preferred(_ accept: [String]) throws(CollimatorError) -> ImageFormat.Kind {
        guard !accept.isEmpty else { return .jpeg }
        let header = AcceptHeader(parsing: accept)
        let namesWebP = header.entries.contains { $0.media.essence == Self.webp.essence }
        let candidates = namesWebP ? [Self.webp, .jpeg, .png] : [.jpeg, .png, Self.webp]
        guard let best = header.best(of: candidates) else {
            throw CollimatorError(
                .notAcceptable,
                "no kind of picture is accepted",
                publicDetail: "Pictures are image/jpeg, image/png or image/webp."
            )
        }
        return best == .jpeg ? .jpeg : best == .png ? .png : .webp
    }

    private static let webp = DICOMweb.MediaType("image", "webp")
}

/// The picture that a client wants.
struct RenditionRequest: Sendable {
    let wish: RenderedWish

    /// The largest edge that is asked of the upstream, in pixels.
    static let edgeMax = 4096

    /// `width`, `height`, `format` and `quality`; where no format is given the `Accept` header decides.
    init(parsing query: String?, accept: [String]) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseWindow()
        try parameters.refuseUnknown(
            known: ["width", "height", "format", "quality"],
            detail: "The request has an unknown parameter. Known are width, height, format and quality."
        )
        let fault: StaticString = "The width and height must be from 1 to 4096 pixels."
        let width = try parameters.integer("width", in: 1...Self.edgeMax, fault: fault)
        let height = try parameters.integer("height", in: 1...Self.edgeMax, fault: fault)
        let quality = try parameters.integer("quality", in: 1...100, fault: "The quality must be from 1 to 100.")
        let viewport = width == nil && height == nil ? nil : "\(width ?? Self.edgeMax),\(height ?? Self.edgeMax)"
        let kind = try PictureKind.parse(try parameters.single("format"), accept: accept)
        // PNG has no quality: what was wished for changes nothing.
        self.wish = RenderedWish(viewport: viewport, kind: kind, quality: kind == .png ? nil : quality)
    }
}

extension QueryParameters {
    /// Throws where another window is wished for, which the upstream cannot: silence would show the wrong thing.
    func refuseWindow() throws(CollimatorError) {
        guard self.values("window").isEmpty else {
            throw CollimatorError(
                .invalidInput,
                "a window is wished for, which the upstream cannot render",
                publicDetail: "The DICOM store renders with the window of the object; another cannot be chosen."
            )
        }
    }
}
