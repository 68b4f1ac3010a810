internal import CollimatorCore
internal import DICOMweb
import Synchronization

/// Those who want to know at once that entries may be other ones now.
final class ChangeObservers: Sendable {
    /// Receives the store and the studies; nil stands for all of the store.
    typealias Observer = @Sendable (StoreName, [StudyUID]?) -> Void

    private let observers = Mutex<[Observer]>([])

    func add(_ observer: @escaping Observer) {
        self.observers.withLock { $0.append(observer) }
    }

    func call(_ studies: [StudyUID]?, in store: StoreName) {
        for observer in self.observers.withLock({ $0 }) { observer(store, studies) }
    }
}

extension CatalogStore {
    /// Runs a change and tells the observers, also where it failed: it may have been committed.
    func changing<Answer>(
        _ studies: [StudyUID]?,
        in store: StoreName,
        _ change: () async throws -> Answer
    ) async rethrows -> Answer {
        defer { self.changes.call(studies, in: store) }
        return try await change()
    }
}
