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

    /// How much the endpoint may have of the event; nil for nothing, and where the study is none that it asks for.
    ///
    /// An event of a study is for those who may read all of the study, one that is of no study for those who may see the
    /// operations of its store or of the service, and one that says who looked for those who may read the audit. What is
    /// said beyond names is a right of its own, which is decided where it is asked for.
    func permitted(_ question: EndpointQuestion) async throws -> EndpointPermit? {
        let subject = question.subject
        guard !self.principals.isSuspended(.client(id: question.endpoint)) else { return nil }
        let (policy, asking) = (self.authorizer.policy, self.asking(question.endpoint))
        guard !subject.isOfAudit else {
            guard policy.decide(asking, .auditRead, on: .service).isAllowed else { return nil }
            return try await self.fulfils(question.condition, subject) ? EndpointPermit(.uids) : nil
        }
        guard let store = subject.store, let study = subject.study else {
            let resource = subject.store.map { AccessResource.store($0) } ?? .service
            return policy.decide(asking, .operationsList, on: resource).isAllowed ? EndpointPermit(.uids) : nil
        }
        let facts = try await self.facts(subject, study, in: store)
        if let condition = question.condition, !condition.holds(for: facts) { return nil }
        let resource = AccessResource.study(store, studyUID: study.rawValue)
        let reading = policy.decide(asking, .dicomWebRead, on: resource, facts: facts)
        guard reading.extent == .whole else { return nil }
        func may(_ permission: Permission) -> Bool {
            policy.decide(asking, permission, on: resource, facts: facts).extent == .whole
        }
        let granted: EventDataPolicy =
            switch question.asked {
            case .uids: .uids
            case .orders: may(.eventsOrders) || may(.eventsDemographics) ? .orders : .uids
            case .demographics: may(.eventsDemographics) ? .demographics : may(.eventsOrders) ? .orders : .uids
            }
        return EndpointPermit(granted, grounds: reading.grounds(policyVersion: policy.version))
    }

    /// Whether the study is one that is asked for; an event of no study is not, where there is a condition.
    private func fulfils(_ condition: WholeStudyCondition?, _ subject: EventSubject) async throws -> Bool {
        guard let condition else { return true }
        guard let store = subject.store, let study = subject.study else { return false }
        // Of what was deleted meanwhile nothing is known: whoever may read the audit hears of the look all the same.
        guard let facts = try await self.facts(subject, study, in: store) else { return true }
        return condition.holds(for: facts)
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
    /// - Throws: where it cannot be written; the delivery is made later then.
    func note(_ question: EndpointQuestion, _ message: String, _ permit: EndpointPermit) async throws {
        let subject = question.subject
        guard let log = self.audit, !subject.isOfAudit, let store = subject.store, let study = subject.study else {
            return
        }
        var record = AuditRecord(
            timeMilliseconds: log.now,
            caller: AuditRecord.Caller(
                principal: Principal.client(id: question.endpoint).description,
                method: Self.method
            ),
            action: AuditRecord.Action(permission: Permission.dicomWebRead.rawValue, route: Self.route),
            subject: AuditRecord.Subject(store: store.rawValue, study: study.rawValue),
            outcome: .success,
            requestID: message,
            decision: permit.grounds?.description
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
        ) { try await rights.permitted($0) }
    }
}
