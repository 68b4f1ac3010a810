internal import Hummingbird
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes
internal import NIOCore

/// The metadata of a study, series or instance (WADO-RS, PS3.18 §10.4.1.1.2): the DICOM JSON made when it was stored.
struct MetadataEndpoints: EndpointGroup {
    let archive: Archive
    let pool: WorkPool

    /// Objects that are asked of the index, and held in memory, at a time; fewer where they are large
    /// (`metadataPageBytesMax`).
    static let pageSize = 256

    var endpoints: [Endpoint] {
        [
            self.endpoint(PathTemplate.study) { call in
                InstanceScope(store: try call.store(), study: try call.study())
            },
            self.endpoint(PathTemplate.series) { call in
                InstanceScope(store: try call.store(), study: try call.study(), series: try call.series())
            },
            self.endpoint(PathTemplate.instance) { call in try call.instanceScope() },
        ]
    }

    private func endpoint(
        _ path: String,
        _ scope: @escaping @Sendable (Call) throws -> InstanceScope
    ) -> Endpoint {
        Endpoint(.get, path + "/metadata", .caller(.dicomWebRead), errorShape: .array) { call in
            try await self.metadata(call, scope(call))
        }
    }

    private func metadata(_ call: Call, _ scope: InstanceScope) async throws -> Answer {
        let form = try DataSetForm(accepting: call.headers)
        let root = call.dicomWebRoot
        let pageBytesMax = call.limits.metadataPageBytesMax
        let first = try await self.archive.metadata(
            scope,
            dicomWebRoot: root,
            limit: Self.pageSize,
            bytesMax: pageBytesMax
        )
        guard first.count > 0 else { throw GoogleError.notFound(scope) }
        let archive = self.archive
        let rest: Rest = { place in
            do {
                return try await archive.metadata(
                    scope,
                    dicomWebRoot: root,
                    after: place,
                    limit: Self.pageSize,
                    bytesMax: pageBytesMax
                )
            } catch ArchiveError.storeNotFound {
                // The store has been deleted meanwhile, and its instances with it.
                return .end
            }
        }
        switch form {
        case .json: return self.json(first, rest)
        case .xml:
            try self.pool.requireRoom()
            return self.xml(first, rest)
        }
    }

    /// Gives the page that begins at the place.
    private typealias Rest = @Sendable (InstanceCursor) async throws -> MetadataPage

    private func json(_ first: MetadataPage, _ rest: @escaping Rest) -> Answer {
        guard first.next != nil else {
            var all = ByteBuffer()
            all.reserveCapacity(first.json.readableBytes + 2)
            all.writeInteger(UInt8(ascii: "["))
            all.writeImmutableBuffer(first.json)
            all.writeInteger(UInt8(ascii: "]"))
            return Answer(contentType: DataSetForm.jsonContentType, body: .bytes(all))
        }
        return Answer(
            contentType: DataSetForm.jsonContentType,
            body: .stream(length: nil) { body in
                try await body.write(contentsOf: [ByteBuffer(string: "["), first.json])
                var cursor = first.next
                while let place = cursor {
                    let page = try await rest(place)
                    if page.count > 0 { try await body.write(contentsOf: [ByteBuffer(string: ","), page.json]) }
                    cursor = page.next
                }
                try await body.write(ByteBuffer(string: "]"))
            }
        )
    }

    private func xml(_ first: MetadataPage, _ rest: @escaping Rest) -> Answer {
        let writer = MultipartWriter()
        let pool = self.pool
        return Answer(
            contentType: writer.contentType(.dicomXML).description,
            body: .stream(length: nil) { body in
                var page = first
                while true {
                    let current = page
                    try await body.write(try await pool.run(.begun) { try Self.parts(current, writer) })
                    guard let place = page.next else { break }
                    page = try await rest(place)
                }
                try await body.write(writer.closing)
            }
        )
    }

    private static func parts(_ page: MetadataPage, _ writer: MultipartWriter) throws -> ByteBuffer {
        guard page.count > 0 else { return ByteBuffer() }
        let text = [UInt8(ascii: "[")] + Array(page.json.readableBytesView) + [UInt8(ascii: "]")]
        var buffer = ByteBuffer()
        for dataSet in try DICOMJSON.dataSets(from: text) {
            buffer.writeImmutableBuffer(writer.partHead(["Content-Type": MediaType.dicomXML.essence]))
            buffer.writeBytes(DICOMXML.encode(dataSet))
            buffer.writeImmutableBuffer(writer.partTail)
        }
        return buffer
    }
}
