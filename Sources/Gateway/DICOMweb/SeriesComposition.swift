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
    ///
    /// A list that is within so many bytes has a tag of what the caller gets: see ``heldAnswer``.
    func response(to request: Request, holding bytesMax: Int) async throws -> Response {
        let (first, rest, form) = try await self.beginning()
        let headers = self.headers(first, form)
        let body = ComposedBody(composition: self, first: first, rest: rest, form: form)
        guard form is ComposedList else { return Self.streamed(body, headers) }
        return try await heldAnswer(body, headers, upTo: bytesMax, to: request)
    }

    private func beginning() async throws -> (UpstreamResponse, ArraySlice<UpstreamRequest>, any ComposedForm) {
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
            return (answer, rest, form)
        }
        throw CollimatorError(.notFound, "the store has none of the series that are permitted")
    }

    private func headers(_ first: UpstreamResponse, _ form: any ComposedForm) -> HTTPFields {
        var headers = passedHeaders(first)
        headers[.contentLength] = nil
        if let type = form.contentType { headers[.contentType] = type }
        return headers
    }

    private static func streamed(_ body: ComposedBody, _ headers: HTTPFields) -> Response {
        let body = ResponseBody { writer in
            var share = ThreadShare()
            for try await piece in body {
                await share.spend(piece.readableBytes)
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Nil for a series that is not there.
    fileprivate func ask(_ request: UpstreamRequest) async throws -> UpstreamResponse? {
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

/// The bodies as one, to be read once.
private struct ComposedBody: AsyncSequence, Sendable {
    let composition: SeriesComposition
    let first: UpstreamResponse
    let rest: ArraySlice<UpstreamRequest>
    let form: any ComposedForm

    func makeAsyncIterator() -> Iterator {
        Iterator(composition: self.composition, next: self.first, rest: self.rest, form: self.form)
    }

    struct Iterator: AsyncIteratorProtocol {
        let composition: SeriesComposition
        /// An answer of which nothing was read.
        var next: UpstreamResponse?
        var rest: ArraySlice<UpstreamRequest>
        var form: any ComposedForm
        private var chunks: (any AsyncIteratorProtocol<ByteBuffer, any Error>)?
        private var rewrite: (any BodyRewriter)?
        private var pieces: ArraySlice<ByteBuffer> = []
        private var isClosed = false

        init(
            composition: SeriesComposition,
            next: UpstreamResponse,
            rest: ArraySlice<UpstreamRequest>,
            form: any ComposedForm
        ) {
            self.composition = composition
            self.next = next
            self.rest = rest
            self.form = form
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            while true {
                if let piece = self.pieces.popFirst() { return piece }
                if self.chunks != nil {
                    try await self.read(isolation: actor)
                } else if let answer = self.next {
                    self.next = nil
                    self.rewrite = try await self.composition.rewriter(answer)
                    try self.form.begin(answer)
                    self.chunks = answer.body.makeAsyncIterator()
                } else if let request = self.rest.popFirst() {
                    self.next = try await self.composition.ask(request)
                } else {
                    guard !self.isClosed else { return nil }
                    self.isClosed = true
                    return self.form.closing
                }
            }
        }

        /// The next chunk of the answer that is being read, or its end.
        private mutating func read(isolation actor: isolated (any Actor)?) async throws {
            if let chunk = try await self.chunks?.next(isolation: actor) {
                self.pieces += try self.form.append(try self.rewrite?.append(chunk) ?? chunk)
                return
            }
            self.chunks = nil
            if let bytes = try self.rewrite?.finish() { self.pieces += try self.form.append(bytes) }
            try self.form.end()
        }
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
    private var check = JSONListCheck()
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
        self.check = JSONListCheck()
    }

    mutating func append(_ chunk: ByteBuffer) throws -> [ByteBuffer] {
        var found: [[UInt8]] = []
        do {
            try self.check.append(chunk)
            try self.items.append(chunk) { found.append($0) }
        } catch is JSONArrayItems.Fault {
            throw SeriesComposition.unusable
        } catch is JSONListCheck.Fault {
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
            try self.check.finish()
            try self.items.finish()
        } catch {
            throw SeriesComposition.unusable
        }
    }
}
