import AccessControl
import Audit
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
    let catalog: StudyCatalog
    /// Nil where nothing is written down.
    let audit: AuditLog?
    var clock = WallClock.live

    /// How much the endpoint may have of the event; nil for nothing.
    ///
    /// An event of a study is for those who may read all of the study, one that is of no study for those who may see the
    /// operations of its store or of the service, and one that says who looked for those who may read the audit. What is
    /// said beyond names is a right of its own.
    func permitted(_ subject: EventSubject, _ endpoint: String) async throws -> EventDataPolicy? {
        guard !self.principals.isSuspended(.client(id: endpoint)) else { return nil }
        let policy = self.authorizer.policy
        guard !subject.isOfAudit else {
            return policy.decide(self.asking(endpoint), .auditRead, on: .service).isAllowed ? .uids : nil
        }
        guard let store = subject.store, let study = subject.study else {
            let resource = subject.store.map { AccessResource.store($0) } ?? .service
            return policy.decide(self.asking(endpoint), .operationsList, on: resource).isAllowed ? .uids : nil
        }
        let facts = try await self.facts(subject, study, in: store)
        let (asking, resource) = (self.asking(endpoint), AccessResource.study(store, studyUID: study.rawValue))
        func may(_ permission: Permission) -> Bool {
            policy.decide(asking, permission, on: resource, facts: facts).extent == .whole
        }
        guard may(.dicomWebRead) else { return nil }
        if may(.eventsDemographics) { return .demographics }
        return may(.eventsOrders) ? .orders : .uids
    }

    private func asking(_ endpoint: String) -> AccessSubject {
        AccessSubject(
            .client(id: endpoint),
            authenticationMethod: Self.method,
            timeSeconds: Int64(self.clock.now().timeIntervalSince1970)
        )
    }

    private func facts(_ subject: EventSubject, _ study: StudyUID, in store: StoreName) async throws -> AccessFacts? {
        if let kept = subject.kept { return AccessFacts(kept, of: study) }
        return try await self.studies.value(of: study, in: store)
    }

    /// Writes down that the endpoint is told of the study, as a look of its principal: the first of a minute is on the disk
    /// before the call, and further ones are counted.
    ///
    /// That it reads who looked is not written down, as nobody's reading of the audit is.
    ///
    /// - Throws: where it cannot be written, or the endpoint may see the study no more; the delivery is made later then.
    func note(_ subject: EventSubject, _ endpoint: String, _ message: String) async throws {
        guard let log = self.audit, !subject.isOfAudit, let store = subject.store, let study = subject.study else {
            return
        }
        let policy = self.authorizer.policy
        let resource = AccessResource.study(store, studyUID: study.rawValue)
        let facts = try await self.facts(subject, study, in: store)
        let decision = policy.decide(self.asking(endpoint), .dicomWebRead, on: resource, facts: facts)
        guard decision.extent == .whole else {
            throw CollimatorError(.unavailable, "what an endpoint may see changed while it was to be called")
        }
        var record = AuditRecord(
            timeMilliseconds: log.now,
            caller: AuditRecord.Caller(
                principal: Principal.client(id: endpoint).description,
                method: Self.method
            ),
            action: AuditRecord.Action(permission: Permission.dicomWebRead.rawValue, route: Self.route),
            subject: AuditRecord.Subject(store: store.rawValue, study: study.rawValue),
            outcome: .success,
            requestID: message,
            decision: decision.grounds(policyVersion: policy.version).description
        )
        guard !log.count(record) else { return }
        let attributes =
            if let kept = subject.kept { kept } else { try await self.catalog.known(study, in: store)?.attributes }
        if let attributes, let id = attributes.string(.patientID) {
            record.subject.patient = AuditRecord.Patient(id: id, issuer: attributes.string(.issuerOfPatientID))
        }
        try await log.record(record)
    }

    private static let method = "webhook"
    /// In the place of the route of a request.
    private static let route = "webhook delivery"
}

extension GatewayParts {
    /// What the engine of the webhooks asks: the rules of these parts.
    package var webhookDecisions: WebhookEngine.Decisions {
        let rights = EndpointRights(
            authorizer: self.authorizer,
            principals: self.identity.principals,
            studies: self.catalog.memory(capacity: AccessGate.studiesMax) { AccessFacts($0) },
            catalog: self.catalog,
            audit: self.audit
        )
        return WebhookEngine.Decisions(
            isHeard: { !rights.principals.isSuspended(.client(id: $0)) },
            version: { rights.authorizer.policy.version },
            note: { try await rights.note($0, $1, $2) }
        ) { try await rights.permitted($0, $1) }
    }
}
