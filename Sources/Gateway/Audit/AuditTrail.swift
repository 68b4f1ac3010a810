import AccessControl
import Audit
import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import Identity
import Logging
import Telemetry

/// Where the endpoint table has every request of a caller written down.
struct AuditTrail: Sendable {
    /// Nil where nothing is written down, which no service that is started from a configuration does.
    let log: AuditLog?
    let catalog: StudyCatalog
    let authorizer: Authorizer
    /// Proxies that are believed about whom they pass a request on for.
    let proxies: [AddressRange]

    /// The record of a request, begun before anything is decided.
    func entry(
        for request: Request,
        _ context: GatewayContext,
        by caller: Caller,
        _ endpoint: AuditedEndpoint,
        on resource: AccessResource
    ) -> AuditEntry {
        AuditEntry(
            trail: self,
            caller: caller,
            endpoint: endpoint,
            resource: resource,
            requestID: context.requestID,
            address: self.log == nil
                ? nil : clientAddress(peer: context.peerAddress, headers: request.headers, proxies: self.proxies),
            logger: context.logger
        )
    }
}

/// What the record says of a route.
struct AuditedEndpoint: Sendable {
    let permission: Permission
    /// The method and the template of the route.
    let route: String
}

/// One request on its way into the audit.
struct AuditEntry: Sendable {
    let trail: AuditTrail
    let caller: Caller
    let endpoint: AuditedEndpoint
    let resource: AccessResource
    let requestID: String
    let address: String?
    let logger: Logger

    /// Takes the access decision; a refusal is written down.
    func deciding<Decision>(_ decide: () async throws -> Decision) async throws -> Decision {
        do {
            return try await decide()
        } catch {
            // The refusal stands, written down or not: nothing is shown.
            await self.noteRefusal()
            throw error
        }
    }

    /// Has the request answered and writes it down before the first byte of the answer leaves.
    ///
    /// - Throws: what the handler throws; `unavailable` where nothing can be written down, and then nothing is shown.
    ///   A change is not begun where that is known before.
    func answering(_ answer: () async throws -> Response) async throws -> Response {
        guard let log = self.trail.log, self.endpoint.permission != .auditRead else { return try await answer() }
        let isChange = self.endpoint.permission.tier != .read
        if isChange { try await log.admit() }
        // A study that is deleted has no patient to be asked for afterwards.
        let before: AuditRecord.Patient? = if isChange { await self.patient(readsThrough: false) } else { nil }
        let response: Response
        do {
            response = try await answer()
        } catch {
            await self.note(.failed, patient: before, in: log)
            throw error
        }
        guard response.status.code < 400 else {
            await self.note(.failed, patient: before, in: log)
            return response
        }
        var record = self.record(.success, in: log)
        guard !log.count(record) else { return response }
        record.subject.patient = if let before { before } else { await self.patient(readsThrough: true) }
        do {
            try await log.record(self.decided(record))
        } catch {
            throw CollimatorError(
                .unavailable,
                "the audit cannot be written",
                publicDetail: AuditLog.unwritable,
                cause: error,
                retryAfterSeconds: 10
            )
        }
        return response
    }

    private func noteRefusal() async {
        guard let log = self.trail.log else { return }
        await self.note(.refused, patient: nil, in: log)
    }

    /// Writes down what showed nothing: it may fail, and is told then.
    private func note(
        _ outcome: AuditRecord.Outcome,
        patient: AuditRecord.Patient?,
        in log: AuditLog
    ) async {
        var record = self.record(outcome, in: log)
        guard !log.count(record) else { return }
        record.subject.patient = if let patient { patient } else { await self.patient(readsThrough: false) }
        let decided = self.decided(record)
        await allowFailure("a request that showed nothing is missing in the audit", logger: self.logger) {
            try await log.record(decided)
        }
    }

    private func record(_ outcome: AuditRecord.Outcome, in log: AuditLog) -> AuditRecord {
        AuditRecord(
            timeMilliseconds: log.now,
            caller: AuditRecord.Caller(
                principal: self.caller.principal.description,
                method: self.caller.method.rawValue,
                purpose: self.caller.purposeOfUse,
                address: self.address
            ),
            action: AuditRecord.Action(permission: self.endpoint.permission.rawValue, route: self.endpoint.route),
            subject: self.resource.subject,
            outcome: outcome,
            requestID: self.requestID
        )
    }

    private func decided(_ record: AuditRecord) -> AuditRecord {
        var record = record
        let decision = self.trail.authorizer.decide(
            self.caller.principal,
            self.endpoint.permission,
            on: self.resource
        )
        record.decision = decision.reason.rawValue
        return record
    }

    /// Whose study it is; the store is asked only where the catalog does not know the study and something was shown.
    private func patient(readsThrough: Bool) async -> AuditRecord.Patient? {
        guard let store = self.resource.store, let uid = self.resource.subject.study, let study = StudyUID(uid) else {
            return nil
        }
        let catalog = self.trail.catalog
        let found = await allowFailure("a record of the audit has no patient", logger: self.logger) {
            let known = try await catalog.known(study, in: store)
            return if known == nil, readsThrough { try await catalog.study(study, in: store) } else { known }
        }
        guard let attributes = found??.attributes, let id = attributes.text(.patientID) else { return nil }
        return AuditRecord.Patient(id: id, issuer: attributes.text(.issuerOfPatientID))
    }
}

extension AccessResource {
    /// It as the audit names it.
    fileprivate var subject: AuditRecord.Subject {
        let store = self.store?.rawValue
        return switch self {
        case .service, .store: AuditRecord.Subject(store: store)
        case .study(_, let study): AuditRecord.Subject(store: store, study: study)
        case .series(_, let study, let series): AuditRecord.Subject(store: store, study: study, series: series)
        case .instance(_, let study, let series, let instance):
            AuditRecord.Subject(store: store, study: study, series: series, instance: instance)
        }
    }
}
