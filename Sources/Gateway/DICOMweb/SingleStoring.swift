import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore

/// A store request of somebody who may not add to every study: each file is decided on and sent up by itself, to the
/// address of its study, and the answer is put together here (PS3.18 §10.5.3).
struct SingleStoring: Sendable {
    let limits: GatewayLimits
    let catalog: StudyCatalog
    let changes: StudyChanges

    /// Takes the files of a request.
    ///
    /// `study` is the study whose address the request was sent to; nil where it was sent to the store. `root` is where
    /// callers reach the store, without a trailing slash.
    func answer(
        _ request: Request,
        in store: GatewayStore,
        _ context: CallerContext,
        _ admission: StoreAdmission,
        to study: StudyUID?,
        root: String
    ) async throws -> Response {
        let type = Self.type(acceptedBy: request)
        let body = try UploadBody(request, bytesMax: self.limits.storeBytesMax)
        let storing = FileStoring(store, for: context, admission, study: study, catalog: self.catalog)
        let (items, fault) = try await self.take(body, request.headers[.contentType], storing)
        var seen: Set<StudyUID> = []
        for study in items.compactMap({ $0.outcome.reference?.study }) where seen.insert(study).inserted {
            context.touched.stored(study)
            await self.changes.report(StudyChange(.stored, of: study, in: store.name))
        }
        if let fault { throw fault }
        guard !items.isEmpty else {
            throw CollimatorError(
                .invalidInput,
                "a store request without files",
                publicDetail: "The request holds no file."
            )
        }
        return Self.response(items, as: type, root: root)
    }

    private func take(
        _ body: UploadBody,
        _ contentType: String?,
        _ storing: FileStoring
    ) async throws -> (items: [UploadItem], fault: (any Error)?) {
        let type = contentType.flatMap { DICOMweb.MediaType(parsing: $0) }
        guard let boundary = type?["boundary"] else {
            let result = try await body.sending(buffering: self.limits.relayedBytesMax) { bytes in
                await storing.store(bytes, length: body.length, isDeclared: true)
            }
            return ([UploadItem(index: 0, name: nil, outcome: result.outcome, beginning: result.beginning)], nil)
        }
        guard (type?["type"] ?? "application/dicom").lowercased() == "application/dicom" else {
            throw StoreAdmission.undecidable
        }
        return await UploadIntake.run(storing, limits: self.limits) { intake, group in
            let upload = MultipartUpload(body: body, boundary: boundary, isForm: false, limits: self.limits)
            try await upload.feed(&intake, &group)
        }
    }

    /// JSON, unless XML is liked better.
    private static func type(acceptedBy request: Request) -> DICOMweb.MediaType {
        let accepted = request.headers[values: .accept]
        guard !accepted.isEmpty else { return .dicomJSON }
        return AcceptHeader(parsing: accepted).best(of: [.dicomJSON, .dicomXML]) ?? .dicomJSON
    }

    /// 200 where all were stored, 202 where some were, 409 where none was.
    private static func response(_ items: [UploadItem], as type: DICOMweb.MediaType, root: String) -> Response {
        let stored = items.compactMap(\.outcome.reference).map { Self.stored($0, root: root) }
        let failed = items.compactMap(Self.failed)
        var answer = DataSet()
        let studies = Set(items.compactMap { $0.outcome.reference?.study })
        if studies.count == 1, let study = studies.first { answer.set(.retrieveURL, "\(root)/studies/\(study)") }
        if !stored.isEmpty { answer.set(.referencedSOPSequence, items: stored) }
        if !failed.isEmpty { answer.set(.failedSOPSequence, items: failed) }
        let bytes = type == .dicomXML ? DICOMXML.encode(answer) : DICOMJSON.encode(answer)
        return Response(
            status: failed.isEmpty ? .ok : stored.isEmpty ? .conflict : .accepted,
            headers: [.contentType: type.essence, .cacheControl: "no-store"],
            body: Hummingbird.ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    private static func stored(_ reference: StoredReference, root: String) -> DataSet {
        var item = DataSet()
        if let sopClass = reference.sopClassUID { item.set(.referencedSOPClassUID, sopClass) }
        if let instance = reference.instance { item.set(.referencedSOPInstanceUID, instance.rawValue) }
        if let study = reference.study, let series = reference.series, let instance = reference.instance {
            item.set(.retrieveURL, "\(root)/studies/\(study)/series/\(series)/instances/\(instance)")
        }
        return item
    }

    /// With the reason of PS3.18 Table 10.5.3-3 or, for what the caller may not, PS3.7 §C.5.20.
    private static func failed(_ item: UploadItem) -> DataSet? {
        let reason: Int
        switch item.outcome {
        case .stored, .duplicate: return nil
        case .skipped: reason = 0xC000
        case .refused(.forbidden, _): reason = 0x0124
        case .refused(.invalid, _), .refused(.corrupt, _), .refused(.unsupportedMediaType, _): reason = 0xC000
        case .refused(.conflict, _): reason = 0x0111
        case .refused(.tooLarge, _): reason = 0xA700
        case .refused(.upstreamFailed, _), .refused(.unread, _): reason = 0x0110
        }
        var failed = DataSet()
        failed.set(.failureReason, reason)
        if let sopClass = item.beginning?.sopClassUID { failed.set(.referencedSOPClassUID, sopClass) }
        if let instance = item.beginning?.instance { failed.set(.referencedSOPInstanceUID, instance.rawValue) }
        return failed
    }
}
