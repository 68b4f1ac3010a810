import Catalog
import Synchronization

/// The facts of the entry that was asked about last: every selector is asked about the same entry, one after the other.
final class LastFacts: Sendable {
    private let last = Mutex<(entry: StudyEntry, facts: AccessFacts)?>(nil)

    func facts(of entry: StudyEntry) -> AccessFacts {
        self.last.withLock { last in
            if let last, last.entry == entry { return last.facts }
            let facts = AccessFacts(entry)
            last = (entry, facts)
            return facts
        }
    }
}
