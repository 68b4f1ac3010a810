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
    /// What the handler does to studies that the path does not name.
    let touched = TouchedStudies()
    /// What decided; nil where nothing could.
    private var grounds: AccessGrounds?

    init(
        trail: AuditTrail,
        caller: Caller,
        endpoint: AuditedEndpoint,
        resource: AccessResource,
        requestID: String,
        address: String?,
        logger: Logger
    ) {
        self.trail = trail
        self.caller = caller
        self.endpoint = endpoint
        self.resource = resource
        self.requestID = requestID
        self.address = address
        self.logger = logger
    }

    /// Takes the access decision and keeps its grounds; a refusal is written down.
    mutating func deciding(_ decide: () async throws -> AccessGate.Admission) async throws -> StudyPart {
        do {
            let admission = try await decide()
            self.grounds = admission.grounds
            return try admission.answer.get()
        } catch {
            // The refusal stands, written down or not: nothing is shown.
            await self.noteRefusal()
            throw error
        }
    }

    /// Has the request answered and writes it down before the first byte of the answer leaves.
    ///
    /// Where the handler says which studies it has touched, each of them has a record.
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
            let touched = try await self.writable { try await self.writeTouched(to: log) }
            // Where the client has gone nothing was shown, and nothing failed.
            if !touched.contains(.refused), !(error is ClientGone) {
                await self.note(.failed, patient: before, in: log)
            }
            throw error
        }
        let touched = try await self.writable { try await self.writeTouched(to: log) }
        guard response.status.code < 400 else {
            if !touched.contains(.refused) { await self.note(.failed, patient: before, in: log) }
            return response
        }
        var record = self.record(.success, in: log)
        guard touched.isEmpty, !log.count(record) else { return response }
        record.subject.patient = if let before { before } else { await self.patient(readsThrough: true) }
        try await self.writable { [record] in try await log.record(record) }
        return response
    }

    /// Counts the answer as a repeat of one that is written down; false where it has to be written down first.
    ///
    /// It is for what neither changes anything nor names other studies, and is asked before the first byte leaves.
    mutating func countsRepeat(on grounds: AccessGrounds) -> Bool {
        self.grounds = grounds
        guard let log = self.trail.log, self.endpoint.permission != .auditRead else { return true }
        return log.count(self.record(.success, in: log))
    }

    /// Writes a record for each study that the handler has named beside that of the path, and gives what became of them.
    private func writeTouched(to log: AuditLog) async throws -> Set<AuditRecord.Outcome> {
        let named = self.touched.studies.filter { $0.study.rawValue != self.resource.subject.study }
        var rest = named[...]
        while !rest.isEmpty {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for touch in rest.prefix(Self.recordsAtATime) {
                    group.addTask { try await self.write(touch, to: log) }
                }
                try await group.waitForAll()
            }
            rest = rest.dropFirst(Self.recordsAtATime)
        }
        return Set(named.map(\.outcome))
    }

    /// Records that are written together: they share a transaction.
    private static let recordsAtATime = 64

    private func write(_ touch: TouchedStudies.Touch, to log: AuditLog) async throws {
        var record = self.record(touch.outcome, in: log)
        record.subject.study = touch.study.rawValue
        if let grounds = touch.grounds { record.decision = grounds.description }
        guard !log.count(record) else { return }
        record.subject.patient = await self.patient(of: touch.study, readsThrough: touch.outcome == .success)
        try await log.record(record)
    }

    private func writable<Output>(_ write: () async throws -> Output) async throws -> Output {
        do {
            return try await write()
        } catch {
            throw CollimatorError(
                .unavailable,
                "the audit cannot be written",
                publicDetail: AuditLog.unwritable,
                cause: error,
                retryAfterSeconds: 10
            )
        }
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
        await allowFailure("a request that showed nothing is missing in the audit", logger: self.logger) { [record] in
            try await log.record(record)
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
            requestID: self.requestID,
            decision: self.grounds?.description
        )
    }

    /// Whose study it is; the store is asked only where the catalog does not know the study and something was shown.
    private func patient(readsThrough: Bool) async -> AuditRecord.Patient? {
        guard let uid = self.resource.subject.study, let study = StudyUID(uid) else { return nil }
        return await self.patient(of: study, readsThrough: readsThrough)
    }

    private func patient(of study: StudyUID, readsThrough: Bool) async -> AuditRecord.Patient? {
        guard let store = self.resource.store else { return nil }
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
