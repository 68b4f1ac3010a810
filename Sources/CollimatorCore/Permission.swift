/// Something that a caller may be allowed to do, named as Google Cloud IAM names it where IAM has a name for it.
///
/// The names that begin with `healthcare.` are those of the Healthcare API; the ones that begin with `collimator.` are
/// ours, for what the Healthcare API does not have.
package struct Permission: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String
    /// The tier of upstream work that the permission stands for; it selects the credential of the upstream call.
    package let tier: ActionTier

    package static let storesGet = Permission("healthcare.dicomStores.get", .read)
    package static let storesList = Permission("healthcare.dicomStores.list", .read)
    package static let dicomWebRead = Permission("healthcare.dicomStores.dicomWebRead", .read)
    package static let dicomWebWrite = Permission("healthcare.dicomStores.dicomWebWrite", .write)
    package static let dicomWebDelete = Permission("healthcare.dicomStores.dicomWebDelete", .delete)

    package static let signInsCreate = Permission("collimator.signIns.create", .write)
    package static let storesCreate = Permission("healthcare.dicomStores.create", .write)
    package static let storesUpdate = Permission("healthcare.dicomStores.update", .write)
    package static let storesDelete = Permission("healthcare.dicomStores.delete", .delete)
    package static let storesImport = Permission("healthcare.dicomStores.import", .write)
    package static let storesExport = Permission("healthcare.dicomStores.export", .write)
    package static let storesDeidentify = Permission("healthcare.dicomStores.deidentify", .write)
    package static let storesGetIAMPolicy = Permission("healthcare.dicomStores.getIamPolicy", .read)
    package static let storesSetIAMPolicy = Permission("healthcare.dicomStores.setIamPolicy", .write)
    /// IAM asks `dicomWebWrite` for it; here it is apart, so that storing does not bring it along.
    package static let storageSettings = Permission("collimator.dicomStores.setBlobStorageSettings", .write)
    package static let datasetsList = Permission("healthcare.datasets.list", .read)
    package static let datasetsGet = Permission("healthcare.datasets.get", .read)
    package static let datasetsCreate = Permission("healthcare.datasets.create", .write)
    package static let datasetsUpdate = Permission("healthcare.datasets.update", .write)
    package static let datasetsDelete = Permission("healthcare.datasets.delete", .delete)
    package static let locationsList = Permission("healthcare.locations.list", .read)
    package static let locationsGet = Permission("healthcare.locations.get", .read)
    package static let operationsList = Permission("healthcare.operations.list", .read)
    package static let operationsGet = Permission("healthcare.operations.get", .read)
    package static let operationsCancel = Permission("healthcare.operations.cancel", .write)

    package static let keysList = Permission("collimator.keys.list", .read)
    package static let keysManage = Permission("collimator.keys.manage", .write)
    package static let principalsList = Permission("collimator.principals.list", .read)
    package static let principalsSuspend = Permission("collimator.principals.suspend", .write)

    package static let eventsRead = Permission("collimator.events.read", .read)
    package static let eventRejectionsList = Permission("collimator.eventRejections.list", .read)
    /// What is said of a study in events beyond its names: its order, and its patient.
    package static let eventsOrders = Permission("collimator.events.readOrders", .read)
    package static let eventsDemographics = Permission("collimator.events.readDemographics", .read)
    package static let webhooksList = Permission("collimator.webhooks.list", .read)
    package static let webhooksManage = Permission("collimator.webhooks.manage", .write)
    package static let policyGet = Permission("collimator.policy.get", .read)
    package static let policyUpdate = Permission("collimator.policy.update", .write)
    package static let catalogRebuild = Permission("collimator.catalog.rebuild", .read)
    package static let auditRead = Permission("collimator.audit.read", .read)

    package static let thumbnailsGet = Permission("collimator.thumbnails.get", .read)
    package static let thumbnailsPurge = Permission("collimator.thumbnails.purge", .write)

    package var description: String { self.rawValue }

    private init(_ rawValue: String, _ tier: ActionTier) {
        self.rawValue = rawValue
        self.tier = tier
    }
}

/// How far a call to the upstream can reach: each tier can be given a service account of its own.
package enum ActionTier: String, Sendable, CaseIterable {
    case read
    case write
    case delete
}
