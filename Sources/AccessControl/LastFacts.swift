import Catalog
import Synchronization

/// The facts of the entry that was asked about last, and which selectors can pick anything of it: every selector is asked
/// about the same entry, one after the other.
final class LastFacts: Sendable {
    private let allowing: SelectorIndex
    private let denying: SelectorIndex
    private let last = Mutex<Known?>(nil)

    private struct Known {
        let entry: StudyEntry
        let terms: StudyTerms
        /// The positions of those that can pick anything, by effect; nil for all of them.
        let allowing: Set<Int>?
        let denying: Set<Int>?
    }

    init(allowing: SelectorIndex, denying: SelectorIndex) {
        self.allowing = allowing
        self.denying = denying
    }

    /// What is picked of the entry by a selector, which is at that position among those of its effect; nil where it is in no
    /// index.
    func evaluate(_ selector: RuleSelector, at position: Int?, _ entry: StudyEntry) -> AccessExtent {
        let terms: StudyTerms? = self.last.withLock { last in
            let known = last.flatMap { $0.entry == entry ? $0 : nil } ?? self.known(entry)
            last = known
            let some = selector.effect == .allow ? known.allowing : known.denying
            guard let position, let some, !some.contains(position) else { return known.terms }
            return nil
        }
        return terms.map { selector.evaluate($0) } ?? .nothing
    }

    private func known(_ entry: StudyEntry) -> Known {
        let terms = StudyTerms(AccessFacts(entry))
        return Known(
            entry: entry,
            terms: terms,
            allowing: self.allowing.positions(for: terms).map { Set($0) },
            denying: self.denying.positions(for: terms).map { Set($0) }
        )
    }
}
