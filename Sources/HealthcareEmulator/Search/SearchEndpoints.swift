internal import Hummingbird
internal import CollimatorCore
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes
internal import NIOCore

/// Searches (QIDO-RS, PS3.18 §10.6) at every level and below every resource.
///
/// The index keeps finished JSON, so that an answer in JSON is put together and not made.
struct SearchEndpoints: EndpointGroup {
    let archive: Archive
    let pool: WorkPool

    var endpoints: [Endpoint] {
        let base = PathTemplate.store + "/dicomWeb"
        return [
            self.endpoint(base + "/studies", .study),
            self.endpoint(base + "/series", .series),
            self.endpoint(base + "/instances", .instance),
            self.endpoint(PathTemplate.study + "/series", .series),
            self.endpoint(PathTemplate.study + "/instances", .instance),
            self.endpoint(PathTemplate.series + "/instances", .instance),
        ]
    }

    private func endpoint(_ path: String, _ level: SearchLevel) -> Endpoint {
        Endpoint(.get, path, .caller(.dicomWebRead), query: .handled, errorShape: .array) { call in
            try await self.search(call, level)
        }
    }

    private func search(_ call: Call, _ level: SearchLevel) async throws -> Answer {
        let request = try SearchRequest(call.query, level: level)
        let form = try DataSetForm(accepting: call.headers)
        var search = ArchiveSearch(
            store: try call.store(),
            level: level,
            match: request.match,
            include: request.include,
            limit: request.limit,
            offset: request.offset,
            dicomWebRoot: call.dicomWebRoot
        )
        if call.context.parameters.get("study") != nil { search.study = try call.study() }
        if call.context.parameters.get("series") != nil { search.series = try call.series() }
        let pageBytesMax = call.limits.searchPageBytesMax
        let first = try await self.archive.search(search, bytesMax: pageBytesMax)
        guard !first.objects.isEmpty else { return Answer(status: .noContent) }
        let archive = self.archive
        let rest: Rest = { try await archive.search(after: $0, bytesMax: pageBytesMax) }
        switch form {
        case .json: return try await Self.answer(.json, first, rest)
        case .xml: return try await Self.answer(.xml(MultipartWriter(), self.pool), first, rest)
        }
    }

    /// Gives the page that begins at the place.
    private typealias Rest = @Sendable (SearchCursor) async throws -> SearchPage

    /// One page is sent with its length; of more, one at a time is in memory.
    private static func answer(
        _ form: Form,
        _ first: SearchPage,
        _ rest: @escaping Rest
    ) async throws -> Answer {
        var start = try await form.bytes(first.objects, isFirst: true)
        guard let next = first.next else {
            start.writeImmutableBuffer(form.closing)
            return Answer(contentType: form.contentType, body: .bytes(start))
        }
        let head = start
        return Answer(
            contentType: form.contentType,
            body: .stream(length: nil) { body in
                try await body.write(head)
                var cursor: SearchCursor? = next
                while let place = cursor {
                    let page = try await rest(place)
                    try await body.write(try await form.bytes(page.objects, isFirst: false))
                    cursor = page.next
                }
                try await body.write(form.closing)
            }
        )
    }

    /// How the objects of a page are written.
    private enum Form: Sendable {
        /// As the elements of one array.
        case json
        /// Each as a part of its own (PS3.18 §8.7.3.2).
        case xml(MultipartWriter, WorkPool)

        var contentType: String {
            switch self {
            case .json: DataSetForm.jsonContentType
            case .xml(let writer, _): writer.contentType(.dicomXML).description
            }
        }

        var closing: ByteBuffer {
            switch self {
            case .json: ByteBuffer(string: "]")
            case .xml(let writer, _): writer.closing
            }
        }

        func bytes(_ objects: [[UInt8]], isFirst: Bool) async throws -> ByteBuffer {
            switch self {
            case .json: Self.json(objects, isFirst: isFirst)
            case .xml(let writer, let pool):
                try await pool.run(isFirst ? .first : .begun) { try Self.xml(objects, writer) }
            }
        }

        private static func json(_ objects: [[UInt8]], isFirst: Bool) -> ByteBuffer {
            var buffer = ByteBuffer()
            buffer.reserveCapacity(objects.reduce(1) { $0 + $1.count + 1 })
            for (index, object) in objects.enumerated() {
                buffer.writeInteger(isFirst && index == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
                buffer.writeBytes(object)
            }
            return buffer
        }

        private static func xml(_ objects: [[UInt8]], _ writer: MultipartWriter) throws -> ByteBuffer {
            var buffer = ByteBuffer()
            for object in objects {
                let document = DICOMXML.encode(try DICOMJSON.dataSet(from: object))
                buffer.writeImmutableBuffer(writer.partHead(["Content-Type": MediaType.dicomXML.essence]))
                buffer.writeBytes(document)
                buffer.writeImmutableBuffer(writer.partTail)
            }
            return buffer
        }
    }
}
