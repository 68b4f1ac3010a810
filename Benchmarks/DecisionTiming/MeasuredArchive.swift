import AccessControl
import Audit
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import Gateway
import Hummingbird
import Identity
import Logging
import Persistence

/// What a gateway looks at.
enum MeasuredGateway: String, CaseIterable {
    case nothing = "neither access nor audit"
    case access = "access by one rule, no audit"
    case both = "access by one rule, and audit"
    case many = "access by a rule for each study, and audit"
}

/// Allows everything without looking.
private struct EverybodyMay: AccessJudge {
    func judge(
        _ caller: Caller,
        _ permission: Permission,
        on resource: AccessResource,
        facts: AccessFacts?
    ) -> AccessRuling {
        AccessRuling(.allowed(.whole), AccessGrounds(.administratorMayAll))
    }

    func asksFacts(_ caller: Caller, _ permission: Permission, in store: StoreName) -> Bool { false }

    func visibility(for caller: Caller, of store: StoreName) -> StoreVisibility { .everything }
}

/// Some studies in a catalog, and one app that asks for them.
struct MeasuredArchive {
    /// What the app shows.
    let key: String
    /// Where the studies are.
    let paths: [String]
    private let folder: String
    private let logger: Logger
    private let store: StoreName
    private let uids: [String]
    private let catalog: StudyCatalog
    private let authenticator: Authenticator
    private let identity: IdentityDirectory

    private static let app = "app"

    private struct Unusable: Error {}

    init(folder: String, studies count: Int, logger: Logger) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let keyText = AdministratorKey.generateText()
        guard let store = StoreName("radiology"), let administrator = AdministratorKey(keyText) else {
            throw Unusable()
        }
        self.folder = folder
        self.logger = logger
        self.store = store
        self.uids = (1...count).map { "1.2.840.10008.99.\($0)" }
        self.paths = self.uids.map { "/api/v1/stores/radiology/studies/\($0)" }

        let kept = CatalogStore(database: try Self.database("catalog", in: folder), clock: .live)
        try await kept.prepare()
        try await kept.put(try self.uids.map(Self.entry), in: store)
        self.catalog = StudyCatalog(kept)
        // Everything is in the catalog: nobody is asked.
        try await self.catalog.add(
            store,
            upstream: CatalogUpstream(
                studies: { _ in [] },
                series: { _ in [] },
                study: { _ in nil },
                studyCount: { nil }
            )
        )

        self.identity = IdentityDirectory(store: IdentityStore(database: try Self.database("identity", in: folder)))
        try await self.identity.load()
        self.authenticator = Authenticator(administratorKey: administrator, keys: self.identity.keys)
        let maker = try await self.authenticator.authenticate(authorization: ["Bearer \(keyText)"])
        let issued = try await self.identity.keys.create(APIKeys.Wish(id: Self.app, name: "An app"), by: maker)
        guard case .text(let key) = issued.shown else { throw Unusable() }
        self.key = key
    }

    private static func database(_ name: String, in folder: String) throws -> Database {
        try Database.open(DatabaseConfiguration(path: "\(folder)/\(name).db"))
    }

    private static func entry(_ uid: String) throws -> StudyEntry {
        guard let study = StudyUID(uid), let series = SeriesUID("\(uid).1") else { throw Unusable() }
        var attributes = DataSet()
        for (tag, text): (DICOMweb.Tag, String) in [
            (.patientID, "MRN-1"), (.issuerOfPatientID, "HOSP"), (.patientBirthDate, "19700101"), (.patientSex, "M"),
            (.studyDate, "20260105"), (.studyTime, "103000"), (.studyDescription, "CT CHEST"),
            (.accessionNumber, "A-77"), (.institutionName, "North"),
        ] {
            attributes.set(tag, text)
        }
        attributes.set(.patientName, .personName(PersonName(parsing: "Smith^John")))
        var ofSeries = DataSet()
        ofSeries.set(.modality, "CT")
        let one = SeriesEntry(series: series, attributes: ofSeries, instanceCount: 3)
        return StudyEntry(study: study, attributes: attributes, series: [one])
    }

    /// A gateway that looks at so much, on the port.
    func application(_ kind: MeasuredGateway, port: Int) async throws -> some ApplicationProtocol {
        let authorizer = Authorizer(try CompiledPolicy(self.policy(kind), version: 1))
        var parts = GatewayParts(
            stores: StoreDirectory([GatewayStore(name: self.store, resource: nil, upstream: Self.upstream)]),
            catalog: self.catalog,
            authenticator: self.authenticator,
            authorizer: authorizer
        )
        parts.identity = self.identity
        if kind == .nothing { parts.judge = EverybodyMay() }
        if [.both, .many].contains(kind) { parts.audit = try await self.audit(kind == .both ? "audit" : "audit-many") }
        return gatewayApplication(parts, address: .hostname("127.0.0.1", port: port), logger: self.logger)
    }

    private func audit(_ name: String) async throws -> AuditLog {
        let kept = AuditStore(database: try Self.database(name, in: self.folder))
        try await kept.prepare()
        return try AuditLog(kept, spoolPath: "\(self.folder)/\(name)-spool.jsonl", clock: .live, logger: self.logger)
    }

    private func policy(_ kind: MeasuredGateway) -> AccessPolicy {
        let app = Principal.client(id: Self.app)
        var policy = AccessPolicy()
        switch kind {
        case .nothing: break
        case .access, .both:
            policy.rules = [AccessRule(id: "store", .allow, app, role: "viewer", on: .store(self.store))]
        case .many:
            policy.rules = self.uids.enumerated().map { number, uid in
                AccessRule(
                    id: "study-\(number)",
                    .allow,
                    app,
                    role: "viewer",
                    on: .study(self.store, studyUID: uid)
                )
            }
        }
        return policy
    }

    /// What every question of the store gets: there should be none.
    private static var upstream: StoreUpstream {
        StoreUpstream(
            search: { _, _ in throw DICOMwebError.transport },
            store: { _, _ in throw DICOMwebError.transport },
            exchange: { _, _ in throw DICOMwebError.transport },
            rootURL: { throw DICOMwebError.transport }
        )
    }
}
