import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Telemetry

/// Deletes at the upstream: the one way for every tree, so that the operation is remembered and the change reported.
struct Deletion: Sendable {
    let changes: StudyChanges
    let ledger: OperationLedger
    /// Where it is written down that somebody waits for the end of an operation; nil for nowhere.
    var feed: ChangeFeed?

    /// What is to be deleted.
    struct Subject: Sendable {
        let store: GatewayStore
        let study: StudyUID
        /// The path below the DICOMweb root.
        let path: String
    }

    /// What the upstream answered, whatever its status, and the operation that it began.
    struct Outcome: Sendable {
        let answer: CollectedAnswer
        let operation: UpstreamOperation?
    }

    /// Asks the upstream to delete; a failure that it answers is given back and not thrown.
    func begin(
        _ subject: Subject,
        query: String? = nil,
        timeout: Duration? = nil,
        for caller: Principal
    ) async throws -> Outcome {
        // There are servers that look at what is accepted, as for a retrieval, before they say that they do not delete.
        let accepted = subject.store.kind == .healthcare ? "application/json" : "*/*"
        var request = UpstreamRequest(.delete, subject.path, query: query, headers: [.accept: accepted])
        request.timeout = timeout
        let call = UpstreamCall(tier: .delete, principal: caller)
        let begun = try await subject.store.upstream.exchange(request, call)
        guard (200..<300).contains(begun.status) else {
            return Outcome(answer: try await CollectedAnswer(refusal: begun), operation: nil)
        }
        // It is done or under way, whatever becomes of the rest of the answer.
        await self.changes.report(StudyChange(.deleted, of: subject.study, in: subject.store.name))
        let answer = try await CollectedAnswer(begun)
        let operation = answer.json.flatMap { UpstreamOperation($0) }
            .flatMap { $0.dataset == subject.store.resource?.dataset ? $0 : nil }
        if let operation {
            self.ledger.note(operation, in: subject.store.name)
            let id = OperationID(store: subject.store.name, operation: operation.id)
            await allowFailure("the end of an operation is not told in the change feed") {
                try await self.feed?.awaitOperation(operation.id, as: id.text, in: subject.store.name)
            }
        }
        return Outcome(answer: answer, operation: operation)
    }
}
