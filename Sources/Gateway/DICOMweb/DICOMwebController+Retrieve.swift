import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird

extension DICOMwebController {
    /// A retrieval in the media types that the caller accepts; of the query only `accept` is looked at.
    ///
    /// Of a study what is permitted is retrieved.
    func retrieve(
        _ path: String,
        _ media: AnswerMedia,
        in target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        var upstream = UpstreamRequest(.get, path)
        let parameter = try QueryParameters(parsing: request.uri.query).single("accept")
        upstream.headers[.accept] = try media.accepted(by: request, parameter: parameter)
        if case .series(let series) = context.part, let study = target.searchedStudy {
            let composition = SeriesComposition(
                requests: SeriesComposition.requests(upstream, of: study, in: series),
                upstream: target.store.upstream,
                call: context.reading,
                media: media
            ) { answer in
                try await self.rewrite(answer, target: target, request: request)
            }
            return try await composition.response(to: request, holding: self.limits.heldListBytesMax)
        }
        let answer = try await target.store.upstream.exchange(upstream, context.reading)
        try refuseFailure(answer, accepting: [200])
        // Where the upstream has a tag a client need not load again what it holds.
        let tag = answer.headers[.eTag].flatMap { EntityTag(weakening: $0) }
        if carriesJSON(answer) {
            try refuseStrangeMedia(answer, allowing: media)
            return try await heldAnswer(
                answer.body,
                rewriting: CheckedList(rewriting: try await self.rewrite(answer, target: target, request: request)),
                passedHeaders(answer),
                tag: tag,
                upTo: self.limits.heldListBytesMax,
                to: request
            )
        }
        var response = try await self.passed(answer, media, target: target, request: request)
        if let tag {
            response.headers[.eTag] = tag.text
            if tag.isHeld(by: request) { return notModified(response.headers) }
        }
        return response
    }

    /// A rendition, with the parameters that the upstream has.
    func rendition(
        _ path: String,
        in target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        let query = try RenditionQuery(parsing: request.uri.query, hasViewportOnly: target.store.resource != nil)
        var upstream = UpstreamRequest(.get, path, query: query.text)
        upstream.headers[.accept] = try AnswerMedia.pictures.accepted(by: request, parameter: query.accept)
        upstream.timeout = self.limits.smallAnswerTimeout
        let answer = try await target.store.upstream.exchange(upstream, context.reading)
        try refuseFailure(answer, accepting: [200])
        var response = try await self.passed(answer, .pictures, target: target, request: request)
        response.headers[renditionHeader] = "preview"
        return response
    }

    /// Renditions of whole studies and series, which the Healthcare API does not make.
    func wholeRendition(
        _ path: String,
        in target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        guard target.store.resource == nil else {
            throw CollimatorError(
                .notFound,
                "the Healthcare API renders no studies and series",
                publicDetail: "This DICOM store renders instances and frames only."
            )
        }
        return try await self.rendition(path, in: target, request: request, context: context)
    }

    /// The answer as ours, if it is of its kind.
    private func passed(
        _ answer: UpstreamResponse,
        _ media: AnswerMedia,
        target: some StoreBoundTarget,
        request: Request
    ) async throws -> Response {
        try refuseStrangeMedia(answer, allowing: media)
        return passThrough(answer, rewriting: try await self.rewrite(answer, target: target, request: request))
    }

    /// The rewriting of the upstream's root to ours, where the body carries URLs: JSON and XML, and the heads of parts.
    ///
    /// The Healthcare API writes no URLs into the heads of parts, so that its files pass without being looked at.
    func rewrite(
        _ answer: UpstreamResponse,
        target: some StoreBoundTarget,
        request: Request
    ) async throws -> (any BodyRewriter)? {
        guard let type = answer.headers[.contentType]?.lowercased() else { return nil }
        let isText =
            type.contains("application/dicom+json") || type.contains("application/dicom+xml")
            || type.hasPrefix("application/json")
        let hasParts = type.hasPrefix("multipart/") && target.store.resource == nil
        guard isText || hasParts else { return nil }
        let root = try await target.store.upstream.rootURL()
        let ours = "\(self.origin(of: request))/dicomweb/\(target.store.name)"
        if isText { return ByteReplacer(replacing: root, by: ours) }
        guard let boundary = answer.headers[.contentType].flatMap({ DICOMweb.MediaType(parsing: $0) })?["boundary"]
        else { return nil }
        do throws(MultipartError) {
            return try PartHeadRewriter(boundary: boundary, replacing: root, by: ours)
        } catch {
            throw CollimatorError(.upstreamInvalid, "upstream: the boundary of the parts is none", cause: error)
        }
    }
}

/// Whether the body is JSON: of DICOM or of anything else.
func carriesJSON(_ answer: UpstreamResponse) -> Bool {
    let type = answer.headers[.contentType].flatMap { DICOMweb.MediaType(parsing: $0) }
    return type.map { ["application/dicom+json", "application/json"].contains($0.essence) } ?? false
}

/// The query of a rendition on its way to the upstream (PS3.18 §8.3.5).
struct RenditionQuery: Sendable {
    /// The query to send, nil where there is none.
    let text: String?
    let accept: String?

    private static let names = ["viewport", "quality", "window", "annotation", "iccprofile"]

    /// Throws `invalid-input` for a parameter that is unknown or has a value that cannot be one.
    init(parsing query: String?, hasViewportOnly: Bool) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        let known = hasViewportOnly ? ["viewport"] : Self.names
        try parameters.refuseUnknown(
            known: Set(known + ["accept"]),
            detail: hasViewportOnly
                ? "The request has an unknown parameter. Known are viewport and accept."
                : "The request has an unknown parameter. Known are those of PS3.18 §8.3.5 for renditions, and accept."
        )
        self.accept = try parameters.single("accept")
        var pairs: [String] = []
        for name in known {
            guard let value = try parameters.single(name) else { continue }
            let isFit = name == "viewport" ? Self.isNumberList(value) : Self.isWordList(value)
            guard isFit else {
                throw CollimatorError(
                    .invalidInput,
                    "a parameter of a rendition cannot be read",
                    publicDetail: name == "viewport"
                        ? "The viewport is a width and a height in pixels, such as 512,512."
                        : "A parameter of the rendition is no word or number, or list of them."
                )
            }
            pairs.append("\(name)=\(value)")
        }
        self.text = pairs.isEmpty ? nil : pairs.joined(separator: "&")
    }

    private static func isNumberList(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2C }
    }

    private static func isWordList(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                "0123456789.,-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains(byte)
            }
    }
}
