import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird
import Identity

/// Deletes a study, a series or an instance, as the Healthcare API and other servers have it on the DICOMweb paths.
///
/// 204 where it is done; 202 where it goes on at the store, which takes its time for many instances, with the address of
/// the operation where the store names one.
struct DICOMwebDeletionController: Sendable {
    private static let study = "\(DICOMwebController.root)/studies/{study}"
    private static let series = "\(study)/series/{series}"

    let deletion: Deletion
    let limits: GatewayLimits

    var endpoints: [Endpoint] {
        [
            Endpoint(.delete, Self.study, .dicomWebDelete) { _, context, target in
                let target: StudyTarget = target
                return try await self.delete(target.path, of: target, context: context)
            },
            Endpoint(.delete, Self.series, .dicomWebDelete) { _, context, target in
                let target: SeriesTarget = target
                return try await self.delete(target.path, of: target.parent, context: context)
            },
            Endpoint(.delete, "\(Self.series)/instances/{instance}", .dicomWebDelete) { _, context, target in
                let target: InstanceTarget = target
                return try await self.delete(target.path, of: target.parent.parent, context: context)
            },
        ]
    }

    private func delete(_ path: String, of target: StudyTarget, context: CallerContext) async throws -> Response {
        let store = target.store
        let outcome = try await self.deletion.begin(
            Deletion.Subject(store: store, study: target.study, path: path),
            timeout: self.limits.smallAnswerTimeout,
            for: context.caller.principal
        )
        let answer = outcome.answer.response
        if answer.status == 405 || answer.status == 501 {
            throw CollimatorError(
                .methodNotAllowed,
                "upstream: it does not delete over DICOMweb",
                publicDetail: "This DICOM store does not delete over DICOMweb."
            )
        }
        try refuseFailure(answer, accepting: [200, 202, 204])
        if answer.headers[.contentType] != nil { try refuseStrangeMedia(answer, allowing: .dataSets) }
        var headers: HTTPFields = [.cacheControl: "no-store"]
        if let operation = outcome.operation {
            let id = OperationID(store: store.name, operation: operation.id)
            headers[.location] = OperationBody(operation: operation, id: id, store: store.name).path
        }
        let goesOn = answer.status == 202 || outcome.operation != nil || Self.namesOperation(outcome.answer)
        return Response(status: goesOn ? .accepted : .noContent, headers: headers)
    }

    /// Whether the answer names an operation, though none that can be asked for here: what is done is empty.
    private static func namesOperation(_ answer: CollectedAnswer) -> Bool {
        answer.json?["name"]?.text?.contains("/operations/") ?? false
    }
}
