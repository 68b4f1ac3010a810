import CollimatorCore
import Synchronization

/// Which store the operations begun here belong to: the upstream knows only their dataset.
///
/// It is kept in memory and bounded; an operation that is not in it belongs to the dataset as a whole.
final class OperationLedger: Sendable {
    /// The most operations that are remembered; the oldest are forgotten first.
    static let entriesMax = 4_096

    private let state = Mutex(State())

    func note(_ operation: UpstreamOperation, in store: StoreName) {
        let key = Key(dataset: operation.dataset, id: operation.id)
        self.state.withLock { state in
            if state.stores.updateValue(store, forKey: key) == nil { state.order.append(key) }
            guard state.order.count > Self.entriesMax else { return }
            let forgotten = state.order.prefix(Self.entriesMax / 4)
            for key in forgotten { state.stores[key] = nil }
            state.order.removeFirst(forgotten.count)
        }
    }

    /// The store that the operation was begun in; nil where that is not known.
    func store(of id: String, in dataset: DatasetName) -> StoreName? {
        self.state.withLock { $0.stores[Key(dataset: dataset, id: id)] }
    }

    private struct Key: Hashable, Sendable {
        let dataset: DatasetName
        let id: String
    }

    private struct State: Sendable {
        var stores: [Key: StoreName] = [:]
        var order: [Key] = []
    }
}
