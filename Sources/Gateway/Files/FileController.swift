import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// An instance as the file that was stored, byte for byte.
struct FileController: Sendable {
    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                "/api/v1/stores/{store}/studies/{study}/series/{series}/instances/{instance}/file",
                .dicomWebRead,
                offersHead: false,
                handler: self.download
            )
        ]
    }

    @Sendable private func download(
        _ request: Request,
        context: CallerContext,
        target: InstanceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let file = try await StoredFile.open(target.path, in: target.store, for: context.reading)
        var headers = downloadHeaders(type: "application/dicom", name: "\(target.instance).dcm")
        headers[.contentLength] = file.length.map(String.init)
        let body = streamedBody(of: file.length) { writer in
            var share = ThreadShare()
            for try await chunk in file.bytes {
                try await writer.write(chunk)
                await share.spend(chunk.readableBytes)
            }
        }
        return Response(status: .ok, headers: headers, body: body)
    }
}

/// The headers of something that is to be saved and not shown; the name is of our making and holds nothing of a patient.
func downloadHeaders(type: String, name: String) -> HTTPFields {
    [
        .contentType: type,
        .contentDisposition: "attachment; filename=\"\(name)\"",
        .xContentTypeOptions: "nosniff",
        .acceptRanges: "none",
        .cacheControl: "private, no-cache",
        .vary: varyByCaller,
    ]
}
