import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore

/// A retrieval of a study of which the caller may see some series: what the upstream gives of each of these, one after
/// the other, as one answer.
///
/// The body of each is read while it comes and ends the answer's with an error where it breaks off: then no closing
/// boundary is written, nor the end of a list.
struct SeriesComposition: Sendable {
    typealias Rewriter = @Sendable (UpstreamResponse) async throws -> (any BodyRewriter)?

    /// One request for each series.
    let requests: [UpstreamRequest]
    let upstream: StoreUpstream
    let call: UpstreamCall
    let media: AnswerMedia
    let rewriter: Rewriter

    /// The longest data set of a list that is passed on, in bytes.
    private static let itemBytesMax = 64 * 1024 * 1024

    /// The same retrieval for each of the series; `path` begins with that of the study.
    static func requests(
        _ request: UpstreamRequest,
        of study: StudyUID,
        in series: Set<SeriesUID>
    ) -> [UpstreamRequest] {
        let root = "studies/\(study.rawValue)"
        return series.sorted().map { one in
            var own = request
            own.path = "\(root)/series/\(one.rawValue)" + request.path.dropFirst(root.count)
            return own
        }
    }

    /// The answer; `not-found` where the upstream has none of the series.
    func response() async throws -> Response {
        var rest = self.requests[...]
        while let request = rest.popFirst() {
            guard let answer = try await self.ask(request) else { continue }
            let type = answer.headers[.contentType].flatMap { DICOMweb.MediaType(parsing: $0) }
            guard let type else { throw Self.unusable }
            let form: any ComposedForm =
                if type["boundary"] != nil {
                    ComposedParts(type)
                } else {
                    ComposedList(itemBytesMax: Self.itemBytesMax)
                }
            return self.response(beginningWith: answer, rest, form)
        }
        throw CollimatorError(.notFound, "the store has none of the series that are permitted")
    }

    private func response(
        beginningWith first: UpstreamResponse,
        _ rest: ArraySlice<UpstreamRequest>,
        _ form: any ComposedForm
    ) -> Response {
        var headers = passedHeaders(first)
        headers[.contentLength] = nil
        if let type = form.contentType { headers[.contentType] = type }
        let body = ResponseBody { writer in
            var form = form
            var share = ThreadShare()
            var answer: UpstreamResponse? = first
            var rest = rest
            while answer != nil || !rest.isEmpty {
                guard let one = answer else {
                    if let next = rest.popFirst() { answer = try await self.ask(next) }
                    continue
                }
                answer = nil
                var rewrite = try await self.rewriter(one)
                try form.begin(one)
                for try await chunk in one.body {
                    await share.spend(chunk.readableBytes)
                    let bytes = try rewrite?.append(chunk) ?? chunk
                    for piece in try form.append(bytes) { try await writer.write(piece) }
                }
                if let bytes = try rewrite?.finish() {
                    for piece in try form.append(bytes) { try await writer.write(piece) }
                }
                try form.end()
            }
            try await writer.write(form.closing)
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Nil for a series that is not there.
    private func ask(_ request: UpstreamRequest) async throws -> UpstreamResponse? {
        let answer = try await self.upstream.exchange(request, self.call)
        if [204, 404, 410].contains(answer.status) { return nil }
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: self.media)
        return answer
    }

    fileprivate static var unusable: CollimatorError {
        CollimatorError(.upstreamInvalid, "upstream: answers for the series of a study do not fit together")
    }
}

/// How bodies of one kind become one.
private protocol ComposedForm: Sendable {
    /// In place of the media type of the first; nil where it stays.
    var contentType: String? { get }
    /// What goes after the last.
    var closing: ByteBuffer { get }
    /// The body of an answer begins.
    mutating func begin(_ answer: UpstreamResponse) throws
    mutating func append(_ chunk: ByteBuffer) throws -> [ByteBuffer]
    /// The body of an answer ended; throws where it was cut.
    mutating func end() throws
}

/// Parts under a boundary of our own.
private struct ComposedParts: ComposedForm {
    private let writer = MultipartWriter()
    private let type: DICOMweb.MediaType?
    private var parser: MultipartParser?

    init(_ type: DICOMweb.MediaType) {
        self.type = type["type"].flatMap { DICOMweb.MediaType(parsing: $0) }
    }

    var contentType: String? {
        guard let type else { return "multipart/related; boundary=\(self.writer.boundary)" }
        return self.writer.contentType(type).description
    }

    var closing: ByteBuffer { self.writer.closing }

    mutating func begin(_ answer: UpstreamResponse) throws {
        let type = answer.headers[.contentType].flatMap { DICOMweb.MediaType(parsing: $0) }
        guard let boundary = type?["boundary"] else { throw SeriesComposition.unusable }
        self.parser = try MultipartParser(boundary: boundary)
    }

    mutating func append(_ chunk: ByteBuffer) throws -> [ByteBuffer] {
        guard chunk.readableBytes > 0 else { return [] }
        return try (self.parser?.append(chunk) ?? []).compactMap { event -> ByteBuffer? in
            switch event {
            case .partBegan(let fields): self.writer.partHead(fields)
            case .partBytes(let bytes): bytes
            case .partEnded: self.writer.partTail
            case .finished: nil
            }
        }
    }

    mutating func end() throws {
        try self.parser?.finish()
        self.parser = nil
    }
}

/// One list of data sets in JSON.
private struct ComposedList: ComposedForm {
    private let itemBytesMax: Int
    private var items: JSONArrayItems
    private var isFirst = true

    init(itemBytesMax: Int) {
        self.itemBytesMax = itemBytesMax
        self.items = JSONArrayItems(itemBytesMax: itemBytesMax)
    }

    let contentType: String? = nil

    var closing: ByteBuffer { ByteBuffer(string: self.isFirst ? "[]" : "]") }

    mutating func begin(_ answer: UpstreamResponse) throws {
        let type = answer.headers[.contentType].flatMap { DICOMweb.MediaType(parsing: $0) }
        guard let essence = type?.essence, ["application/dicom+json", "application/json"].contains(essence) else {
            throw SeriesComposition.unusable
        }
        self.items = JSONArrayItems(itemBytesMax: self.itemBytesMax)
    }

    mutating func append(_ chunk: ByteBuffer) throws -> [ByteBuffer] {
        var found: [[UInt8]] = []
        do {
            try self.items.append(chunk) { found.append($0) }
        } catch is JSONArrayItems.Fault {
            throw SeriesComposition.unusable
        }
        return found.map { item in
            defer { self.isFirst = false }
            var buffer = ByteBuffer(string: self.isFirst ? "[" : ",")
            buffer.writeBytes(item)
            return buffer
        }
    }

    mutating func end() throws {
        do {
            try self.items.finish()
        } catch {
            throw SeriesComposition.unusable
        }
    }
}
