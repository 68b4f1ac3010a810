import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity

/// Deletes a study, a series or an instance.
///
/// Where the upstream deletes in the background the answer is 202 with the operation, else 204 once it is done.
struct DeletionController: Sendable {
    private static let study = "/api/v1/stores/{store}/studies/{study}"
    private static let series = "\(study)/series/{series}"

    let deletion: Deletion

    var endpoints: [Endpoint] {
        [
            Endpoint(.delete, Self.study, .dicomWebDelete) { request, context, target in
                let target: StudyTarget = target
                let subject = Deletion.Subject(store: target.store, study: target.study, path: target.path)
                return try await self.remove(subject, request: request, context: context)
            },
            Endpoint(.delete, Self.series, .dicomWebDelete) { request, context, target in
                let target: SeriesTarget = target
                let subject = Deletion.Subject(store: target.store, study: target.parent.study, path: target.path)
                return try await self.remove(subject, request: request, context: context)
            },
            Endpoint(.delete, "\(Self.series)/instances/{instance}", .dicomWebDelete) { request, context, target in
                let target: InstanceTarget = target
                let study = target.parent.parent.study
                let subject = Deletion.Subject(store: target.store, study: study, path: target.path)
                return try await self.remove(subject, request: request, context: context)
            },
        ]
    }

    private func remove(
        _ subject: Deletion.Subject,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        try QueryParameters(parsing: request.uri.query).refuseUnknown(
            known: [],
            detail: "The request has a parameter, and deleting takes none."
        )
        let outcome = try await self.deletion.begin(subject, for: context.caller.principal)
        guard ![405, 501].contains(outcome.answer.status) else {
            throw CollimatorError(
                .unprocessable,
                "upstream: deleting is not offered",
                publicDetail: "The DICOM store does not offer deleting over DICOMweb."
            )
        }
        try refuseFailure(outcome.answer.response, accepting: [200, 202, 204])
        guard let operation = outcome.operation else { return Response(status: .noContent) }
        let name = subject.store.name
        let id = OperationID(store: name, operation: operation.id)
        return OperationBody(operation: operation, id: id, store: name).accepted
    }
}
