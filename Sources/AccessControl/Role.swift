package import CollimatorCore

/// A named set of permissions.
package struct Role: Sendable, Hashable {
    package let name: String
    package let summary: String
    package let permissions: Set<Permission>
    /// The IAM predefined role whose place it takes; nil where IAM has none of the kind.
    package let iamRole: String?

    package init(name: String, summary: String, permissions: Set<Permission>, iamRole: String? = nil) {
        self.name = name
        self.summary = summary
        self.permissions = permissions
        self.iamRole = iamRole
    }

    /// Whether it holds anything beyond looking at a study and the settings of its store.
    var changesOrTakesOut: Bool {
        !self.permissions.isSubset(of: [
            .dicomWebRead, .storesGet, .storesList, .eventsOrders, .eventsDemographics,
        ])
    }
}

/// The roles that every policy has.
package enum RoleTable {
    /// Rights over imaging itself: they never come with the administration of the service.
    package static let imaging: Set<Permission> = [
        .dicomWebRead, .dicomWebWrite, .dicomWebDelete, .storesExport, .storesDeidentify, .storesImport,
        .eventsOrders, .eventsDemographics,
    ]

    private static let reading: Set<Permission> = [.storesList, .storesGet, .dicomWebRead]

    package static let predefined: [Role] = [
        Role(
            name: "viewer",
            summary: "search, retrieve and render imaging",
            permissions: Self.reading,
            iamRole: "roles/healthcare.dicomViewer"
        ),
        Role(
            name: "editor",
            summary: "look at, store, import and delete imaging",
            permissions: Self.reading.union([.dicomWebWrite, .dicomWebDelete, .storesImport]),
            iamRole: "roles/healthcare.dicomEditor"
        ),
        Role(
            name: "uploader",
            summary: "store imaging and see none",
            permissions: [.dicomWebWrite]
        ),
        Role(
            name: "exporter",
            summary: "look at imaging and export whole stores",
            permissions: Self.reading.union([.storesExport]),
            iamRole: "roles/healthcare.dicomViewer"
        ),
        Role(
            name: "deidentifier",
            summary: "copy whole stores de-identified",
            permissions: [.storesList, .storesGet, .storesDeidentify],
            iamRole: "roles/healthcare.dicomStoreAdmin"
        ),
        Role(
            name: "store-viewer",
            summary: "see stores and their settings, and no imaging",
            permissions: [.storesList, .storesGet],
            iamRole: "roles/healthcare.dicomStoreViewer"
        ),
        Role(
            name: "store-admin",
            summary: "make, set up and remove stores, and see no imaging",
            permissions: [
                .storesList, .storesGet, .storesCreate, .storesUpdate, .storesDelete, .operationsGet, .operationsList,
                .operationsCancel, .catalogRebuild,
            ],
            iamRole: "roles/healthcare.dicomStoreAdmin"
        ),
        Role(
            name: "dataset-viewer",
            summary: "see datasets and their settings",
            permissions: [.datasetsList, .datasetsGet, .locationsList, .locationsGet],
            iamRole: "roles/healthcare.datasetViewer"
        ),
        Role(
            name: "dataset-admin",
            summary: "make, set up and remove datasets",
            permissions: [
                .datasetsList, .datasetsGet, .datasetsCreate, .datasetsUpdate, .datasetsDelete, .locationsList,
                .locationsGet, .operationsGet, .operationsList, .operationsCancel,
            ],
            iamRole: "roles/healthcare.datasetAdmin"
        ),
        Role(
            name: "administrator",
            summary: "administer the service and its rules, and see no imaging",
            permissions: Set(PermissionTable.rows.map(\.permission)).subtracting(Self.imaging)
        ),
    ]
}
