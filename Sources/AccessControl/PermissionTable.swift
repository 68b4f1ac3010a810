package import CollimatorCore

/// Every permission, with the kinds of things it can be asked for and what it allows.
package enum PermissionTable {
    /// One permission.
    package struct Row: Sendable, Hashable {
        package let permission: Permission
        /// The kinds of things for which the permission is a sensible question.
        package let levels: ClosedRange<AccessResource.Level>
        /// What it allows, for documents and for people who grant it.
        package let summary: String
    }

    package static let rows: [Row] = [
        Row(permission: .storesList, levels: .service...(.service), summary: "list the stores"),
        Row(permission: .storesGet, levels: .store...(.store), summary: "see that a store exists and how it is set up"),
        Row(permission: .dicomWebRead, levels: .store...(.instance), summary: "search, retrieve and render imaging"),
        Row(permission: .dicomWebWrite, levels: .store...(.study), summary: "store imaging"),
        Row(permission: .dicomWebDelete, levels: .store...(.instance), summary: "delete imaging"),
        Row(permission: .signInsCreate, levels: .service...(.service), summary: "make a link that signs a browser in"),
        Row(permission: .storesCreate, levels: .service...(.service), summary: "make DICOM stores"),
        Row(permission: .storesUpdate, levels: .store...(.store), summary: "change the settings of a store"),
        Row(permission: .storesDelete, levels: .store...(.store), summary: "delete a store with all that is in it"),
        Row(permission: .storesImport, levels: .store...(.store), summary: "import files from Cloud Storage"),
        Row(permission: .storesExport, levels: .store...(.store), summary: "export a whole store"),
        Row(permission: .storesDeidentify, levels: .store...(.store), summary: "copy a whole store de-identified"),
        Row(permission: .storesGetIAMPolicy, levels: .store...(.store), summary: "see the IAM policy of a store"),
        Row(permission: .storesSetIAMPolicy, levels: .store...(.store), summary: "change the IAM policy of a store"),
        Row(permission: .storageSettings, levels: .store...(.instance), summary: "change the storage class of imaging"),
        Row(permission: .datasetsList, levels: .service...(.service), summary: "list the datasets of a project"),
        Row(permission: .datasetsGet, levels: .service...(.service), summary: "see the settings of a dataset"),
        Row(permission: .datasetsCreate, levels: .service...(.service), summary: "make datasets"),
        Row(permission: .datasetsUpdate, levels: .service...(.service), summary: "change the settings of a dataset"),
        Row(permission: .datasetsDelete, levels: .service...(.service), summary: "delete a dataset with its stores"),
        Row(permission: .locationsList, levels: .service...(.service), summary: "list the locations of a project"),
        Row(permission: .locationsGet, levels: .service...(.service), summary: "see a location of a project"),
        Row(permission: .operationsList, levels: .service...(.store), summary: "list long-running operations"),
        Row(permission: .operationsGet, levels: .service...(.store), summary: "see how far an operation is"),
        Row(permission: .operationsCancel, levels: .service...(.store), summary: "cancel an operation"),
        Row(permission: .keysList, levels: .service...(.service), summary: "see the API keys, without their texts"),
        Row(permission: .keysManage, levels: .service...(.service), summary: "make, rotate and revoke API keys"),
        Row(permission: .principalsList, levels: .service...(.service), summary: "see who has called"),
        Row(permission: .principalsSuspend, levels: .service...(.service), summary: "keep callers out and let them in"),
        Row(permission: .eventsRead, levels: .service...(.service), summary: "ask what changed, of what may be read"),
        Row(
            permission: .eventRejectionsList,
            levels: .service...(.service),
            summary: "see which messages about the stores could not be used"
        ),
        Row(permission: .eventsOrders, levels: .store...(.study), summary: "get order numbers and dates in events"),
        Row(permission: .eventsDemographics, levels: .store...(.study), summary: "get orders and patients in events"),
        Row(permission: .webhooksList, levels: .service...(.service), summary: "see who is called when what changes"),
        Row(permission: .webhooksManage, levels: .service...(.service), summary: "have others called on changes"),
        Row(permission: .policyGet, levels: .service...(.service), summary: "see the access rules"),
        Row(permission: .policyUpdate, levels: .service...(.service), summary: "change the access rules"),
        Row(permission: .catalogRebuild, levels: .store...(.store), summary: "make the index of a store anew"),
        Row(permission: .thumbnailsGet, levels: .service...(.service), summary: "see how the kept pictures do"),
        Row(permission: .thumbnailsPurge, levels: .service...(.service), summary: "forget the kept pictures"),
        Row(permission: .auditRead, levels: .service...(.service), summary: "see who saw and did what"),
    ]

    /// The row of the permission; nil for one that nobody has thought through.
    package static func row(_ permission: Permission) -> Row? {
        self.rows.first { $0.permission == permission }
    }
}
