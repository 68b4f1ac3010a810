/// How much of a study a right reaches.
package enum AccessExtent: Sendable, Hashable {
    case nothing
    /// These series and nothing else.
    case series(Set<String>)
    /// All that is in it, also what comes later.
    case whole

    /// All that is in one or the other.
    func union(_ other: AccessExtent) -> AccessExtent {
        switch (self, other) {
        case (.whole, _), (_, .whole): .whole
        case (.nothing, let extent), (let extent, .nothing): extent
        case (.series(let some), .series(let others)): .series(some.union(others))
        }
    }

    /// What is left without the other; `all` are the series of the study, nil where nobody knows them.
    ///
    /// Where some are taken from the whole, what is left are the known ones: a series that nobody has looked at yet may
    /// be one of those that are taken.
    func subtracting(_ other: AccessExtent, of all: Set<String>?) -> AccessExtent {
        switch (self, other) {
        case (.nothing, _), (_, .whole): return .nothing
        case (_, .nothing): return self
        case (.series(let some), .series(let taken)):
            let left = some.intersection(all ?? some).subtracting(taken)
            return left.isEmpty ? .nothing : .series(left)
        case (.whole, .series(let taken)):
            guard let all else { return .nothing }
            let left = all.subtracting(taken)
            return left.isEmpty ? .nothing : .series(left)
        }
    }
}
