import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird

/// Pictures of instances and frames, for finding and previewing; rendered by the upstream.
///
/// A picture is read whole before it is sent: only then is there a tag of its bytes, and a browser that shows a list
/// again need not load it again.
struct RenderedController: Sendable {
    /// The longest picture that is passed on, in bytes; what a display can show is far below.
    static let bytesMax = 64 * 1024 * 1024

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
        try await self.picture("\(target.path)/rendered", of: target, request: request, context: context)
    }

    @Sendable private func renderedFrame(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        let frames = try FrameList(parsing: context.parameters["frame"])
        guard frames.count == 1 else { throw FrameList.invalid }
        return try await self.picture(
            "\(target.path)/frames/\(frames.text)/rendered",
            of: target,
            request: request,
            context: context
        )
    }

    private func picture(
        _ path: String,
        of target: InstanceTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        let wish = try RenditionRequest(parsing: request.uri.query, accept: request.headers[values: .accept])
        let upstream = UpstreamRequest(
            .get,
            path,
            query: wish.upstreamQuery,
            headers: [.accept: wish.mediaType]
        )
        let answer = try await target.store.upstream.exchange(upstream, context.reading)
        // Our request is well formed, so that the thing itself is what cannot be rendered.
        guard answer.status != 400 else { throw Self.notRenderable }
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: .pictures)
        let picture = try await CollectedAnswer(answer, upTo: Self.bytesMax)
        var headers = passedHeaders(answer)
        headers[.contentLength] = nil
        headers[renditionHeader] = "preview"
        return taggedAnswer(picture.bytes, headers, to: request)
    }

    private static var notRenderable: CollimatorError {
        CollimatorError(
            .invalidInput,
            "upstream: bad request for a rendition",
            publicDetail: "The DICOM store cannot render this. The instance tells its kind and how many frames it has."
        )
    }
}

/// The picture that a client wants.
struct RenditionRequest: Sendable {
    let mediaType: String
    /// The query for the upstream, nil for the picture's own size.
    let upstreamQuery: String?

    /// The largest edge that is asked of the upstream, in pixels.
    static let edgeMax = 4096

    /// `width`, `height` and `format`; where no format is given the `Accept` header decides between PNG and JPEG.
    init(parsing query: String?, accept: [String]) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["width", "height", "format"],
            detail: "The request has an unknown parameter. Known are width, height and format."
        )
        let fault: StaticString = "The width and height must be from 1 to 4096 pixels."
        let width = try parameters.integer("width", in: 1...Self.edgeMax, fault: fault)
        let height = try parameters.integer("height", in: 1...Self.edgeMax, fault: fault)
        switch (width, height) {
        case (nil, nil): self.upstreamQuery = nil
        case (let width?, let height?): self.upstreamQuery = "viewport=\(width),\(height)"
        case (let width?, nil): self.upstreamQuery = "viewport=\(width),\(Self.edgeMax)"
        case (nil, let height?): self.upstreamQuery = "viewport=\(Self.edgeMax),\(height)"
        }
        switch try parameters.single("format") {
        case "jpeg": self.mediaType = DICOMweb.MediaType.jpeg.essence
        case "png": self.mediaType = DICOMweb.MediaType.png.essence
        case nil: self.mediaType = try Self.preferred(accept).essence
        default:
            throw CollimatorError(
                .invalidInput,
                "the format of the picture is unknown",
                publicDetail: "The format is jpeg or png."
            )
        }
    }

    /// JPEG, the smaller one, where both are as welcome.
    private static func preferred(_ accept: [String]) throws(CollimatorError) -> DICOMweb.MediaType {
        guard !accept.isEmpty else { return .jpeg }
        guard let best = AcceptHeader(parsing: accept).best(of: [.jpeg, .png]) else {
            throw CollimatorError(
                .notAcceptable,
                "neither JPEG nor PNG is accepted",
                publicDetail: "Pictures are image/jpeg or image/png."
            )
        }
        return best
    }
}

/// Frame numbers of a path, `1` or `1,2,5`.
struct FrameList: Sendable {
    let text: String
    let count: Int

    /// The most frames that one request may name.
    static let countMax = 1000

    init(parsing text: Substring?) throws(CollimatorError) {
        let numbers = (text ?? "").replacing("%2C", with: ",").split(separator: ",", omittingEmptySubsequences: false)
        guard (1...Self.countMax).contains(numbers.count), numbers.allSatisfy(Self.isNumber) else { throw Self.invalid }
        self.text = numbers.joined(separator: ",")
        self.count = numbers.count
    }

    static var invalid: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the frames in the path are no numbers",
            publicDetail: "Frames are counted from 1 and separated by commas."
        )
    }

    private static func isNumber(_ text: Substring) -> Bool {
        (1...9).contains(text.utf8.count) && text.first != "0" && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
