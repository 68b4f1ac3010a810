import CollimatorCore
import HTTPTypes
import Hummingbird

extension DICOMwebController {
    /// Deletes a study, a series or an instance, as the Healthcare API and other servers have it on the same paths.
    ///
    /// 204 where it is done; 202 where it goes on at the store, which takes its time for many instances.
    func delete(
        _ path: String,
        of target: StudyTarget,
        context: CallerContext
    ) async throws -> Response {
        var upstream = UpstreamRequest(.delete, path)
        upstream.headers[.accept] = "application/json"
        upstream.timeout = self.limits.smallAnswerTimeout
        let answer = try await target.store.upstream.exchange(upstream, context.deleting)
        if answer.status == 405 || answer.status == 501 {
            throw CollimatorError(
                .methodNotAllowed,
                "upstream: it does not delete over DICOMweb",
                publicDetail: "This DICOM store does not delete over DICOMweb."
            )
        }
        try refuseFailure(answer, accepting: [200, 202, 204])
        if answer.headers[.contentType] != nil { try refuseStrangeMedia(answer, allowing: .dataSets) }
        await self.changes.report(StudyChange(.deleted, of: target.study, in: target.store.name))
        let namesOperation = answer.status == 200 ? try await Self.namesOperation(answer) : false
        let goesOn = answer.status == 202 || namesOperation
        return Response(status: goesOn ? .accepted : .noContent, headers: [.cacheControl: "no-store"])
    }

    /// Whether a small JSON answer is an operation that is under way: one has a name, and what is done is empty.
    private static func namesOperation(_ answer: UpstreamResponse) async throws -> Bool {
        var bytes: [UInt8] = []
        for try await chunk in answer.body {
            bytes.append(contentsOf: chunk.readableBytesView.prefix(Self.operationBytesMax - bytes.count))
            guard bytes.count < Self.operationBytesMax else { break }
        }
        return String(decoding: bytes, as: UTF8.self).contains("/operations/")
    }

    /// How much of an answer to a deletion is looked at.
    private static let operationBytesMax = 16 * 1024
}
