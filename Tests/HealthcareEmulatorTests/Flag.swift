import Synchronization

/// Something that has happened or not.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { self.value.load(ordering: .sequentiallyConsistent) }

    func set() { self.value.store(true, ordering: .sequentiallyConsistent) }
}
