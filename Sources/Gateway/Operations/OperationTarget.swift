import AccessControl
import CollimatorCore
import Hummingbird

/// An operation in the dataset of a configured store.
struct OperationTarget: RouteTarget {
    let id: OperationID
    let store: GatewayStore
    let dataset: DatasetName
    let healthcare: HealthcareUpstream
    /// Every store in the dataset, this one among them.
    let neighbours: [StoreName]

    var resource: AccessResource { .store(self.store.name) }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard let text = parameters["operation"], let id = OperationID(text), let store = stores[id.store],
            let dataset = store.resource?.dataset, let healthcare = store.healthcare
        else { throw CollimatorError(.notFound, "the operation's id is none") }
        self.id = id
        self.store = store
        self.dataset = dataset
        self.healthcare = healthcare
        self.neighbours = stores.all.filter { $0.resource?.dataset == dataset }.map(\.name)
    }
}
