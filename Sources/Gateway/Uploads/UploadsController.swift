import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore

/// Upload of one DICOM file, with an answer that says what became of it.
struct UploadsController: Sendable {
    let limits: GatewayLimits

    var endpoints: [Endpoint] {
        [Endpoint(.post, "/api/v1/stores/{store}/studies", .dicomWebWrite, handler: self.create)]
    }

    @Sendable private func create(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        guard let type = request.headers[.contentType].flatMap({ MediaType(parsing: $0) }),
            type.type == "application", type.subtype == "dicom"
        else {
            throw CollimatorError(
                .unsupportedMediaType,
                "an upload is not application/dicom",
                publicDetail: "An upload is one DICOM file, with the content type application/dicom."
            )
        }
        let body = try UploadBody(request, bytesMax: self.limits.uploadBytesMax)
        let upstream = target.store.upstream
        let (wasThere, receipt) = try await body.translatingFailure {
            let (beginning, bytes) = try await FileBeginning.read(body.upstream.bytes)
            let wasThere = try await Self.has(beginning.instance, in: upstream, context: context)
            let upload = UpstreamUpload(bytes: bytes, length: body.upstream.length)
            return (wasThere, try await upstream.store(upload, context.writing))
        }
        switch receipt {
        case .stored(let reference):
            return wasThere
                ? self.answer("already-there", reference, .ok, in: target.store.name)
                : self.answer("stored", reference, .created, in: target.store.name)
        case .conflicting: throw Self.conflict
        case .refused: throw Self.refusal
        }
    }

    /// Whether the store has the instance; asked before it is sent, because afterwards the upstream answers the same
    /// for a new file and for one that it had, byte for byte.
    private static func has(
        _ instance: InstanceUID?,
        in upstream: StoreUpstream,
        context: CallerContext
    ) async throws -> Bool {
        guard let instance else { return false }
        let search = UpstreamSearch(
            .allInstances,
            matches: [UpstreamSearch.Match(.sopInstanceUID, instance.rawValue)],
            limit: 1
        )
        return try await !upstream.search(search, context.reading).isEmpty
    }

    private func answer(
        _ outcome: String,
        _ reference: StoredReference,
        _ status: HTTPResponse.Status,
        in store: StoreName
    ) -> Response {
        let study = reference.study.map { "/api/v1/stores/\(store)/studies/\($0)" }
        let body = JSONValue.object([
            ("outcome", .string(outcome)),
            ("store", .string(store.rawValue)),
            ("studyUid", .text(reference.study?.rawValue)),
            ("seriesUid", .text(reference.series?.rawValue)),
            ("instanceUid", .text(reference.instance?.rawValue)),
            ("sopClassUid", .text(reference.sopClassUID)),
            ("links", .object([("study", .text(study))])),
        ])
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        if status == .created, let study { headers[.location] = study }
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.encoded()))
        )
    }

    private static var conflict: CollimatorError {
        CollimatorError(
            .conflict,
            "another object has the SOP Instance UID of the upload",
            publicDetail: "Another instance with the same SOP Instance UID and other content is there already."
        )
    }

    private static var refusal: CollimatorError {
        CollimatorError(
            .unprocessable,
            "the store took the upload for no valid DICOM object",
            publicDetail: "The store did not accept the file as a DICOM instance with its identifiers."
        )
    }
}
