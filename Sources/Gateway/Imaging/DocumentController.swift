import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import ImageCodec
import Imaging
import NIOCore

/// What has no picture but says something all the same: a structured report as a page, an encapsulated PDF or a video as
/// it is.
///
/// Nothing that a file says runs: the page is made here of escaped text, and a document is only passed on where its
/// bytes are those of a PDF. HTML, CDA and whatever else a file may hold are not given.
struct DocumentController: Sendable {
    /// What is asked of the stores: metadata.
    let upstream: ImagingUpstream
    let limits: GatewayLimits
    private let videos = VideoAnswer()

    init(upstream: ImagingUpstream, limits: GatewayLimits) {
        self.upstream = upstream
        self.limits = limits
    }

    /// The longest document that is passed on, in bytes: it is read whole, for the tag of its bytes.
    static let bytesMax = 64 * 1024 * 1024

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                "/api/v1/stores/{store}/studies/{study}/series/{series}/instances/{instance}/document",
                .dicomWebRead,
                handler: self.find
            )
        ]
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        return try await self.answer(target, request: request, context: context)
    }

    /// The document of an instance.
    ///
    /// Throws `not-found` for one that has none.
    func answer(_ target: InstanceTarget, request: Request, context: CallerContext) async throws -> Response {
        let metadata = try await self.upstream.metadata(target.address)
        switch ObjectKind(metadata) {
        case .report, .keyObjects:
            let page = try StructuredReportPage(metadata).html
            return Self.answer(Array(page.utf8), type: "text/html; charset=utf-8", to: request)
        case .document:
            let type = metadata.string(.mimeTypeOfEncapsulatedDocument)?.lowercased() ?? ""
            guard type == "application/pdf" else { throw Self.noDocument }
            let bytes = try await self.pdf(metadata, of: target, context: context)
            return Self.answer(bytes, type: "application/pdf", to: request)
        case .video:
            guard let video = try await self.video(target, request: request, context: context) else {
                throw Self.noDocument
            }
            return video
        default: throw Self.noDocument
        }
    }

    /// The video of an instance; nil where its pixels are kept otherwise.
    func video(_ target: InstanceTarget, request: Request, context: CallerContext) async throws -> Response? {
        try await self.videos.answer(target, request: request, context: context)
    }

    private static func answer(_ bytes: [UInt8], type: String, to request: Request) -> Response {
        taggedAnswer(
            bytes,
            [
                .contentType: type,
                .vary: varyByCaller,
                // A browser shows it without scripts, forms and an origin.
                .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'self'; sandbox",
                renditionHeader: "preview",
            ],
            to: request
        )
    }

    private func pdf(_ metadata: DataSet, of target: InstanceTarget, context: CallerContext) async throws -> [UInt8] {
        let bytes: [UInt8]
        switch metadata[.encapsulatedDocument]?.content {
        case .inlineBinary(let inline): bytes = inline
        case .bulkDataURI(let address): bytes = try await self.bulkData(address, of: target, context: context)
        default: throw Self.noDocument
        }
        guard bytes.starts(with: Array("%PDF-".utf8)) else {
            throw CollimatorError(
                .upstreamInvalid,
                "upstream: the document is no PDF",
                publicDetail: "The document is not of the kind that the instance says."
            )
        }
        return bytes
    }

    /// The value at an address of the store's own; one that leads elsewhere is not followed.
    private func bulkData(_ address: String, of target: InstanceTarget, context: CallerContext) async throws -> [UInt8]
    {
        let root = try await target.store.upstream.rootURL()
        guard address.hasPrefix("\(root)/\(target.path)/") else { throw Self.noDocument }
        let segments = address.dropFirst(root.utf8.count + target.path.utf8.count + 2).split(separator: "/")
        guard let name = segments.first, name == "bulkdata" || name == "bulk" else { throw Self.noDocument }
        let isStrict = target.store.resource != nil
        let path = try BulkDataPath(segments: Array(segments.dropFirst()), isStrict: isStrict)
        let accept =
            isStrict
            ? "application/octet-stream; transfer-syntax=*"
            : "multipart/related; type=\"application/octet-stream\""
        let answer = try await target.store.upstream.exchange(
            UpstreamRequest(.get, "\(target.path)/\(name)/\(path.text)", headers: [.accept: accept]),
            context.reading
        )
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: .plainValues)
        return try await Self.whole(answer)
    }

    /// The bytes, alone or as the one part.
    private static func whole(_ answer: UpstreamResponse) async throws -> [UInt8] {
        var parser: MultipartParser?
        let type = answer.headers[.contentType].flatMap { DICOMweb.MediaType(parsing: $0) }
        if let type, type.type == "multipart", let boundary = type["boundary"] {
            do throws(MultipartError) {
                parser = try MultipartParser(boundary: boundary)
            } catch {
                throw CollimatorError(.upstreamInvalid, "upstream: the boundary of the parts is none", cause: error)
            }
        }
        var bytes: [UInt8] = []
        for try await chunk in StoredBytes(base: answer.body, parser: parser) {
            guard bytes.count + chunk.readableBytes <= Self.bytesMax else {
                throw CollimatorError(
                    .upstreamInvalid,
                    "a document longer than the limit",
                    publicDetail: "The document is too large to be shown. The file can be loaded instead."
                )
            }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
    }

    private static var noDocument: CollimatorError {
        CollimatorError(
            .notFound,
            "the instance has no document",
            publicDetail: "The instance has no document that can be shown. Its file can be loaded instead."
        )
    }
}
