internal import DICOMFiles
internal import DICOMweb
internal import EmulatorStorage
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// One value of an instance (WADO-RS, PS3.18 §10.4.1.1.5), uncompressed and unencoded.
struct BulkDataEndpoints: EndpointGroup {
    let archive: Archive
    let files: FileReader
    let pool: WorkPool
    let connections: ConnectionRegistry

    /// The longest path: a tag, and an item and a tag for each level.
    private static let segmentsMax = 65

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                PathTemplate.instance + "/bulkdata/**",
                .caller(.dicomWebRead),
                errorShape: .array,
                handler: self.bulkData
            )
        ]
    }

    @Sendable private func bulkData(_ call: Call) async throws -> Answer {
        let scope = try call.instanceScope()
        let path = try Self.path(call.context.parameters.getCatchAll())
        let isMultipart = try Self.isMultipart(call.headers)
        let isWanted = call.isWanted(self.connections)
        return try await self.archive.withInstance(scope) { instance in
            let file = try await self.files.open(instance.filePath)
            let value = try await self.pool.run(isWanted: isWanted) {
                try DICOMObject(path: instance.filePath).bulkData(path)
            }
            let octets = MediaType.octetStream
            let bytes = value.segment(of: instance, file)
            guard isMultipart else { return try await self.files.answer([bytes], contentType: octets.essence) }
            let writer = MultipartWriter()
            let segments: [Segment] = [
                .bytes(writer.partHead(["Content-Type": octets.essence])), bytes, .bytes(writer.partTail),
                .bytes(writer.closing),
            ]
            return try await self.files.answer(segments, contentType: writer.contentType(octets).description)
        }
    }

    /// `TAG`, or `TAG/item/TAG` and so on: an odd number of segments.
    private static func path(_ segments: [Substring]) throws(GoogleError) -> String {
        let isWellFormed =
            segments.count % 2 == 1 && segments.count <= Self.segmentsMax
            && segments.enumerated().allSatisfy { index, segment in
                index % 2 == 0 ? Tag(hex: segment) != nil : QueryParameters.integer(segment) != nil
            }
        guard isWellFormed else { throw GoogleError(.invalidArgument, "The path of the bulk data is not valid.") }
        return segments.map { $0.uppercased() }.joined(separator: "/")
    }

    /// Whether the value is sent as a part, which is the default, or bare.
    private static func isMultipart(_ headers: HTTPFields) throws(GoogleError) -> Bool {
        let accept = AcceptHeader(parsing: headers[values: .accept])
        for entry in accept.entries where entry.quality > 0 {
            let syntax = entry.media["transfer-syntax"]
            guard syntax == nil || syntax == "*" || syntax == RetrieveFormat.explicitLittleEndian else { continue }
            switch entry.media.essence {
            case "*/*": return true
            case "multipart/related", "multipart/*":
                let type = entry.media["type"]?.lowercased() ?? "*/*"
                if ["application/octet-stream", "application/*", "*/*"].contains(type) { return true }
            case "application/octet-stream", "application/*": return false
            default: continue
            }
        }
        throw GoogleError.notAcceptable
    }
}
