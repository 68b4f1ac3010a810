import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird

/// Upload of DICOM files in the four forms that people have them, with an answer that says what became of each.
///
/// One file that is refused does not sink the others. A body that cannot be read to its end is answered with a problem;
/// files of it that had arrived as a whole may then be stored, the one that was cut never is, and because a store takes
/// the same content again without harm, sending all of it again is safe.
struct UploadsController: Sendable {
    private let limits: GatewayLimits
    private let changes: StudyChanges
    private let catalog: StudyCatalog
    private let idempotency: IdempotencyStore
    private let spoolDirectory: String
    private let zipSlots: ZipSlots

    init(
        limits: GatewayLimits,
        catalog: StudyCatalog,
        changes: StudyChanges,
        idempotency: IdempotencyStore,
        spoolDirectory: String
    ) {
        self.limits = limits
        self.catalog = catalog
        self.changes = changes
        self.idempotency = idempotency
        self.spoolDirectory = spoolDirectory
        self.zipSlots = ZipSlots(countMax: limits.zipUploadsMax)
    }

    var endpoints: [Endpoint] {
        [Endpoint(.post, "/api/v1/stores/{store}/studies", .dicomWebWrite, handler: self.create)]
    }

    @Sendable private func create(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        let kind = try UploadKind(contentType: request.headers[.contentType])
        let bytesMax = self.bytesMax(of: kind)
        return try await self.idempotency.answer(request, context, bodyBytesMax: bytesMax) { request in
            let body = try UploadBody(request, bytesMax: bytesMax)
            let admission = context.admission(to: target.store.name)
            let storing = FileStoring(target.store, for: context, admission, catalog: self.catalog)
            if kind == .file { return try await self.store(body, storing, in: target.store.name, context) }
            let (items, fault) = await self.take(body, as: kind, storing)
            let report = UploadReport(store: target.store.name, items: items)
            await self.tell(report, context)
            if let fault { throw fault }
            return try self.answer(report)
        }
    }

    private func bytesMax(of kind: UploadKind) -> Int {
        switch kind {
        case .file: self.limits.uploadBytesMax
        case .zip: self.limits.zipBytesMax
        case .related, .form: self.limits.uploadRequestBytesMax
        }
    }

    /// One file as the whole body: what is wrong with it is a problem, as with any other resource.
    ///
    /// What is no image has nothing wrong with it: that is told as among others.
    private func store(
        _ body: UploadBody,
        _ storing: FileStoring,
        in store: StoreName,
        _ context: CallerContext
    ) async throws -> WholeAnswer {
        let outcome = try await body.sending(buffering: self.limits.relayedBytesMax) { bytes in
            await storing.store(bytes, length: body.length, isDeclared: true).outcome
        }
        if case .refused(_, let error) = outcome { throw error }
        let report = UploadReport(store: store, items: [UploadItem(index: 0, name: nil, outcome: outcome)])
        await self.tell(report, context)
        return report.answer
    }

    private func take(
        _ body: UploadBody,
        as kind: UploadKind,
        _ storing: FileStoring
    ) async -> (items: [UploadItem], fault: (any Error)?) {
        await UploadIntake.run(storing, limits: self.limits) { intake, group in
            switch kind {
            case .file: break
            case .related(let boundary), .form(let boundary):
                var isForm = false
                if case .form = kind { isForm = true }
                let upload = MultipartUpload(body: body, boundary: boundary, isForm: isForm, limits: self.limits)
                try await upload.feed(&intake, &group)
            case .zip:
                let upload = ZipUpload(body: body, limits: self.limits, spoolDirectory: self.spoolDirectory)
                try await self.zipSlots.use { try await upload.feed(&intake, &group) }
            }
        }
    }

    private func answer(_ report: UploadReport) throws -> WholeAnswer {
        guard !report.items.isEmpty else {
            throw CollimatorError(
                .unprocessable,
                "an upload without files",
                publicDetail: "The request holds no file."
            )
        }
        if let failure = report.upstreamFailure { throw failure }
        return report.answer
    }

    private func tell(_ report: UploadReport, _ context: CallerContext) async {
        for study in report.studies {
            context.touched.stored(study)
            await self.changes.report(StudyChange(.stored, of: study, in: report.store))
        }
    }
}
