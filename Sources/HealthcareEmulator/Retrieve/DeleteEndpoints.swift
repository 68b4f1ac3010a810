internal import CollimatorCore
internal import EmulatorStorage
internal import HTTPTypes

/// Deletion, which the standard does not have: studies and series as long-running operations, instances at once.
struct DeleteEndpoints: EndpointGroup {
    let archive: Archive
    let operations: OperationRunner

    var endpoints: [Endpoint] {
        [
            Endpoint(.delete, PathTemplate.study, .caller(.dicomWebDelete)) { call in
                let scope = InstanceScope(store: try call.store(), study: try call.study())
                return try await self.begin(call, scope, method: "DeleteStudy")
            },
            Endpoint(.delete, PathTemplate.series, .caller(.dicomWebDelete)) { call in
                let scope = InstanceScope(store: try call.store(), study: try call.study(), series: try call.series())
                return try await self.begin(call, scope, method: "DeleteSeries")
            },
            Endpoint(.delete, PathTemplate.instance, .caller(.dicomWebDelete), handler: self.removeInstance),
        ]
    }

    private func begin(_ call: Call, _ scope: InstanceScope, method: String) async throws -> Answer {
        try self.operations.admit()
        let deletion: Deletion
        do {
            deletion = try await self.archive.beginDeletion(scope)
        } catch ArchiveError.notFound {
            throw GoogleError.notFound(scope)
        }
        let operation: JSONNode
        do {
            operation = try await self.operations.start(
                .deletion(scope, instanceCount: deletion.instanceCount),
                in: scope.store.dataset,
                method: "google.cloud.healthcare.v1.dicomweb.DicomWebService.\(method)",
                deletion: deletion
            )
        } catch {
            // It has begun already, and no operation will finish it.
            self.archive.finishDeletionInBackground(deletion)
            throw error
        }
        return try call.answer(operation)
    }

    @Sendable private func removeInstance(_ call: Call) async throws -> Answer {
        let scope = try call.instanceScope()
        do {
            _ = try await self.archive.delete(scope)
        } catch ArchiveError.notFound {
            throw GoogleError.notFound(scope)
        }
        return try call.answer([:])
    }
}
