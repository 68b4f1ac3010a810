import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import FoundationEssentials
import Identity
package import Webhooks

/// What endpoints of webhooks may have: each is a client of its own, for whom rules speak as for anybody else.
///
/// It is asked when an event is written down for an endpoint and again before each attempt, so that a right that was taken
/// away counts at once, also for what waits.
struct EndpointRights: Sendable {
    let authorizer: Authorizer
    let principals: PrincipalRegister
    let studies: StudyMemory<AccessFacts>
    var clock = WallClock.live

    /// How much the endpoint may have of the event; nil for nothing.
    ///
    /// An event of a study is for those who may read all of the study, one that is of no study for those who may see the
    /// operations of its store or of the service. What is said beyond names is a right of its own.
    func permitted(_ subject: EventSubject, _ endpoint: String) async throws -> EventDataPolicy? {
        let principal = Principal.client(id: endpoint)
        guard !self.principals.isSuspended(principal) else { return nil }
        let asking = AccessSubject(
            principal,
            authenticationMethod: Self.method,
            timeSeconds: Int64(self.clock.now().timeIntervalSince1970)
        )
        let policy = self.authorizer.policy
        guard let store = subject.store, let study = subject.study else {
            let resource = subject.store.map { AccessResource.store($0) } ?? .service
            return policy.decide(asking, .operationsList, on: resource).isAllowed ? .uids : nil
        }
        let facts =
            if let kept = subject.kept {
                AccessFacts(kept, of: study)
            } else {
                try await self.studies.value(of: study, in: store)
            }
        let resource = AccessResource.study(store, studyUID: study.rawValue)
        func may(_ permission: Permission) -> Bool {
            policy.decide(asking, permission, on: resource, facts: facts).extent == .whole
        }
        guard may(.dicomWebRead) else { return nil }
        if may(.eventsDemographics) { return .demographics }
        return may(.eventsOrders) ? .orders : .uids
    }

    private static let method = "webhook"
}

extension GatewayParts {
    /// What the engine of the webhooks asks: the rules of these parts.
    package var webhookDecisions: WebhookEngine.Decisions {
        let rights = EndpointRights(
            authorizer: self.authorizer,
            principals: self.identity.principals,
            studies: self.catalog.memory(capacity: AccessGate.studiesMax) { AccessFacts($0) }
        )
        return WebhookEngine.Decisions(
            isHeard: { !rights.principals.isSuspended(.client(id: $0)) },
            version: { rights.authorizer.policy.version }
        ) { try await rights.permitted($0, $1) }
    }
}
