import AccessControl
import CollimatorCore
import Testing

@Suite("who may do what")
struct AuthorizerTests {
    private let authorizer = Authorizer()
    private let store: StoreName

    init() throws {
        self.store = try #require(StoreName("radiology"))
    }

    private static let strangers: [Principal] = [
        .user(issuer: "https://login.example", subject: "1"), .user(issuer: "", subject: "administrator"),
        .client(id: "administrator"), .client(id: ""),
    ]

    private var resources: [AccessResource] {
        [
            .service, .store(self.store), .study(self.store, studyUID: "1.2"),
            .series(self.store, studyUID: "1.2", seriesUID: "1.3"),
            .instance(self.store, studyUID: "1.2", seriesUID: "1.3", instanceUID: "1.4"),
        ]
    }

    @Test("the administrator may everything that can be asked", arguments: PermissionTable.rows)
    func administrator(row: PermissionTable.Row) throws {
        for resource in self.resources where row.levels.contains(resource.level) {
            let decision = self.authorizer.decide(.administrator, row.permission, on: resource)
            #expect(decision == .init(outcome: .allowed, reason: .administratorMayAll))
            try self.authorizer.authorize(.administrator, row.permission, on: resource)
        }
    }

    @Test("everyone else may nothing, and is not told what exists", arguments: PermissionTable.rows, Self.strangers)
    func stranger(row: PermissionTable.Row, principal: Principal) {
        for resource in self.resources where row.levels.contains(resource.level) && row.permission != .storesList {
            let decision = self.authorizer.decide(principal, row.permission, on: resource)
            let error = #expect(throws: CollimatorError.self) {
                try self.authorizer.authorize(principal, row.permission, on: resource)
            }
            #expect(!decision.isAllowed)
            #expect(decision.reason == .nothingGranted)
            #expect(error?.code == (resource == .service ? .forbidden : .notFound))
        }
    }

    @Test("the list of stores is filtered and not refused, but to nobody in particular")
    func lists() {
        let known = self.authorizer.decide(.client(id: "reader"), .storesList, on: .service)
        let unknown = self.authorizer.decide(.anonymous, .storesList, on: .service)
        #expect(known == .init(outcome: .allowed, reason: .listIsFiltered))
        #expect(unknown == .init(outcome: .forbidden, reason: .nothingGranted))
    }

    @Test("a permission that does not apply is denied to the administrator too", arguments: PermissionTable.rows)
    func misapplied(row: PermissionTable.Row) {
        for resource in self.resources where !row.levels.contains(resource.level) {
            let decision = self.authorizer.decide(.administrator, row.permission, on: resource)
            let error = #expect(throws: CollimatorError.self) {
                try self.authorizer.authorize(.administrator, row.permission, on: resource)
            }
            #expect(decision.reason == .permissionDoesNotApply)
            #expect(error?.code == .notFound)
        }
    }

    @Test("the table has each permission once, with something to say of it")
    func table() {
        #expect(Set(PermissionTable.rows.map(\.permission)).count == PermissionTable.rows.count)
        #expect(PermissionTable.rows.allSatisfy { !$0.summary.isEmpty })
        #expect(
            Set(PermissionTable.rows.map(\.permission)) == [
                .storesList, .storesGet, .dicomWebRead, .dicomWebWrite, .dicomWebDelete,
                .storesCreate, .storesUpdate, .storesDelete, .storesImport, .storesExport, .storesDeidentify,
                .storesGetIAMPolicy, .storesSetIAMPolicy, .storageSettings,
                .datasetsList, .datasetsGet, .datasetsCreate, .datasetsUpdate, .datasetsDelete,
                .locationsList, .locationsGet, .operationsList, .operationsGet, .operationsCancel, .signInsCreate,
                .policyGet, .policyUpdate, .catalogRebuild, .keysList, .keysManage, .principalsList,
                .principalsSuspend, .eventsRead, .eventRejectionsList, .eventsOrders, .eventsDemographics,
                .webhooksList, .webhooksManage, .thumbnailsGet, .thumbnailsPurge, .auditRead,
            ]
        )
    }

    @Test("a resource knows its store")
    func stores() {
        #expect(self.resources.map(\.store) == [nil, self.store, self.store, self.store, self.store])
        #expect(self.resources.map(\.level) == AccessResource.Level.allCases)
    }
}
