/// The permission of Cloud IAM that a method of the Healthcare API or of Pub/Sub checks.
struct IAMPermission: Sendable, Hashable {
    let name: String

    static let locationsGet = IAMPermission("healthcare.locations.get")
    static let locationsList = IAMPermission("healthcare.locations.list")
    static let datasetsCreate = IAMPermission("healthcare.datasets.create")
    static let datasetsDeidentify = IAMPermission("healthcare.datasets.deidentify")
    static let datasetsDelete = IAMPermission("healthcare.datasets.delete")
    static let datasetsGet = IAMPermission("healthcare.datasets.get")
    static let datasetsList = IAMPermission("healthcare.datasets.list")
    static let datasetsUpdate = IAMPermission("healthcare.datasets.update")
    static let datasetsGetIAMPolicy = IAMPermission("healthcare.datasets.getIamPolicy")
    static let datasetsSetIAMPolicy = IAMPermission("healthcare.datasets.setIamPolicy")
    static let storesCreate = IAMPermission("healthcare.dicomStores.create")
    static let storesDeidentify = IAMPermission("healthcare.dicomStores.deidentify")
    static let storesDelete = IAMPermission("healthcare.dicomStores.delete")
    static let storesExport = IAMPermission("healthcare.dicomStores.export")
    static let storesGet = IAMPermission("healthcare.dicomStores.get")
    static let storesImport = IAMPermission("healthcare.dicomStores.import")
    static let storesList = IAMPermission("healthcare.dicomStores.list")
    static let storesUpdate = IAMPermission("healthcare.dicomStores.update")
    static let storesGetIAMPolicy = IAMPermission("healthcare.dicomStores.getIamPolicy")
    static let storesSetIAMPolicy = IAMPermission("healthcare.dicomStores.setIamPolicy")
    static let dicomWebRead = IAMPermission("healthcare.dicomStores.dicomWebRead")
    static let dicomWebWrite = IAMPermission("healthcare.dicomStores.dicomWebWrite")
    static let dicomWebDelete = IAMPermission("healthcare.dicomStores.dicomWebDelete")
    static let operationsCancel = IAMPermission("healthcare.operations.cancel")
    static let operationsGet = IAMPermission("healthcare.operations.get")
    static let operationsList = IAMPermission("healthcare.operations.list")
    static let topicsCreate = IAMPermission("pubsub.topics.create")
    static let topicsDelete = IAMPermission("pubsub.topics.delete")
    static let topicsDetachSubscription = IAMPermission("pubsub.topics.detachSubscription")
    static let topicsGet = IAMPermission("pubsub.topics.get")
    static let topicsList = IAMPermission("pubsub.topics.list")
    static let topicsPublish = IAMPermission("pubsub.topics.publish")
    static let subscriptionsConsume = IAMPermission("pubsub.subscriptions.consume")
    static let subscriptionsCreate = IAMPermission("pubsub.subscriptions.create")
    static let subscriptionsDelete = IAMPermission("pubsub.subscriptions.delete")
    static let subscriptionsGet = IAMPermission("pubsub.subscriptions.get")
    static let subscriptionsList = IAMPermission("pubsub.subscriptions.list")
    static let subscriptionsUpdate = IAMPermission("pubsub.subscriptions.update")

    private init(_ name: String) {
        self.name = name
    }
}
