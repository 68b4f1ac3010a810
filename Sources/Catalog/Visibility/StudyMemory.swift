package import CollimatorCore
package import DICOMweb
import Synchronization

/// What is made of the entries of single studies, kept in memory until an entry changes.
///
/// It is bounded: of the studies that nobody asks for any more it forgets the half at a time.
package final class StudyMemory<Value: Sendable>: Sendable {
    private let catalog: CatalogStore
    private let capacity: Int
    private let make: @Sendable (StudyEntry) -> Value
    private let state = Mutex(State())

    private struct Key: Hashable {
        let store: StoreName
        let study: StudyUID
    }

    private struct State {
        /// Asked for lately, and before that.
        var young: [Key: Value] = [:]
        var old: [Key: Value] = [:]
        /// Reads under way; one that is missing was overtaken by a change.
        var reads: [Int: Key] = [:]
        var lastRead = 0
    }

    /// `capacity` is a number of studies.
    package init(of catalog: CatalogStore, capacity: Int, make: @escaping @Sendable (StudyEntry) -> Value) {
        precondition(capacity > 1, "a memory of nothing forgets at once")
        self.catalog = catalog
        self.capacity = capacity
        self.make = make
        catalog.changes.add { [weak self] store, studies in self?.forget(studies, in: store) }
    }

    /// What is remembered of the study, without asking the catalog; nil where nothing is.
    package func remembered(of study: StudyUID, in store: StoreName) -> Value? {
        self.state.withLock { $0.young[Key(store: store, study: study)] }
    }

    /// What the entry of the study makes; nil where the catalog does not have the study.
    package func value(of study: StudyUID, in store: StoreName) async throws -> Value? {
        let key = Key(store: store, study: study)
        let (known, read) = self.state.withLock { state -> (Value?, Int) in
            if let value = state.young[key] { return (value, 0) }
            if let value = state.old.removeValue(forKey: key) {
                self.keep(value, for: key, in: &state)
                return (value, 0)
            }
            state.lastRead += 1
            state.reads[state.lastRead] = key
            return (nil, state.lastRead)
        }
        if let known { return known }
        defer { self.state.withLock { _ = $0.reads.removeValue(forKey: read) } }
        guard let entry = try await self.catalog.entry(of: study, in: store) else { return nil }
        let value = self.make(entry)
        self.state.withLock { state in
            if state.reads[read] != nil { self.keep(value, for: key, in: &state) }
        }
        return value
    }

    private func keep(_ value: Value, for key: Key, in state: inout State) {
        if state.young.count >= self.capacity / 2 {
            state.old = state.young
            state.young = [:]
        }
        state.young[key] = value
    }

    private func forget(_ studies: [StudyUID]?, in store: StoreName) {
        self.state.withLock { state in
            guard let studies else {
                state.young = state.young.filter { $0.key.store != store }
                state.old = state.old.filter { $0.key.store != store }
                state.reads = state.reads.filter { $0.value.store != store }
                return
            }
            for study in studies {
                let key = Key(store: store, study: study)
                state.young[key] = nil
                state.old[key] = nil
                for (read, reading) in state.reads where reading == key { state.reads[read] = nil }
            }
        }
    }
}
