import Synchronization

/// Puts names from many sets together, each union once: rules that end at different times make a set each, and somebody may
/// have ten thousand of them.
///
/// It is bounded: where more unions are asked for than it keeps, it forgets all of them.
package final class NamedStudiesMemory: Sendable {
    private let unions = Mutex<[NamedStudies.Identity: NamedStudies]>([:])

    /// Up to so many sets are gone over one by one.
    private static let setsMax = 8
    private static let unionsMax = 64

    package init() {}

    /// What all of them name, in no more sets than are worth going over.
    package func union(_ all: [NamedStudies]) -> NamedStudies {
        let together = NamedStudies(together: all)
        guard together.setCount > Self.setsMax else { return together }
        let key = together.identity
        if let known = self.unions.withLock({ $0[key] }) { return known }
        let merged = together.merged
        self.unions.withLock { unions in
            if unions.count >= Self.unionsMax { unions = [:] }
            unions[key] = merged
        }
        return merged
    }
}
