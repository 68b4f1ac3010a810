internal import Persistence
internal import Synchronization

/// Studies by number, a bit for each: a million of them are 125 kB.
struct StudySet: Sendable {
    private var words: [UInt64] = []
    /// The number of the last change that it knows of.
    var change: Int64

    /// Numbers from here on have no place.
    static let end: Int64 = 67_108_864

    init(change: Int64) {
        self.change = change
    }

    func contains(_ study: Int64) -> Bool {
        let word = Int(study >> 6)
        return word < self.words.count && self.words[word] & (1 << UInt64(study & 63)) != 0
    }

    mutating func insert(_ study: Int64) {
        let word = Int(study >> 6)
        if word >= self.words.count { self.words += Array(repeating: 0, count: word + 1 - self.words.count) }
        self.words[word] |= 1 << UInt64(study & 63)
    }

    mutating func remove(_ study: Int64) {
        let word = Int(study >> 6)
        if word < self.words.count { self.words[word] &= ~(1 << UInt64(study & 63)) }
    }
}

/// The studies of single values, such as those of one modality, kept in memory between searches: whether a study has the
/// value is asked of thousands of candidates to count the matches of one search.
///
/// A set says nothing of studies that are no more; whoever asks has found the study in the same read.
final class StudySets: Sendable {
    private let state = Mutex(State())

    private struct State {
        var sets: [Key: (set: StudySet, usedAt: Int)] = [:]
        var uses = 0
    }

    private struct Key: Hashable {
        let attribute: StudyAttribute
        let value: String
    }

    /// How many sets are kept; the one that was used longest ago goes.
    private static let countMax = 48
    /// Where more studies have changed, the set is made anew.
    private static let changesMax = 4_096
    private static let rowsBetweenChecks = 4_096

    /// The studies that have the value in the state that the connection reads; nil where a later state is known, or
    /// numbers have no place.
    ///
    /// - Throws: ``SearchExhausted`` where the set had to be made and that took longer than the budget.
    func studies(
        with value: String,
        of attribute: StudyAttribute,
        on connection: any SQLConnection,
        _ budget: SearchBudget
    ) throws -> StudySet? {
        let key = Key(attribute: attribute, value: value)
        guard let change = try connection.queryOne("SELECT value FROM counter WHERE name = 'change'")?.integer(0)
        else { return nil }
        let kept = self.kept(key)
        if let kept, kept.change >= change { return kept.change == change ? kept : nil }
        let followed = try kept.flatMap { try Self.following($0, to: change, key, on: connection) }
        guard let set = try followed ?? Self.made(key, at: change, on: connection, budget) else { return nil }
        self.keep(set, key)
        return set
    }

    private func kept(_ key: Key) -> StudySet? {
        self.state.withLock { state in
            state.uses += 1
            state.sets[key]?.usedAt = state.uses
            return state.sets[key]?.set
        }
    }

    private func keep(_ set: StudySet, _ key: Key) {
        self.state.withLock { state in
            if let other = state.sets[key]?.set, other.change >= set.change { return }
            state.sets[key] = (set, state.uses)
            guard state.sets.count > Self.countMax else { return }
            guard let oldest = state.sets.min(by: { $0.value.usedAt < $1.value.usedAt })?.key else { return }
            state.sets[oldest] = nil
        }
    }

    /// The set after what has changed since; nil where that is much.
    private static func following(
        _ kept: StudySet,
        to change: Int64,
        _ key: Key,
        on connection: any SQLConnection
    ) throws -> StudySet? {
        var changed: [Int64] = []
        for store in try connection.query("SELECT id FROM store") {
            try connection.forEachPair(
                "SELECT s.id, s.change FROM study s WHERE s.store = ?1 AND s.change > ?2 LIMIT ?3",
                [.integer(try store.integer(0)), .integer(kept.change), .integer(Int64(Self.changesMax))]
            ) { study, _ in changed.append(study) }
            guard changed.count < Self.changesMax else { return nil }
        }
        var set = kept
        for study in changed {
            guard study < StudySet.end else { return nil }
            let isThere = try connection.queryOne(
                "SELECT 1 FROM studyValue v WHERE v.study = ?1 AND v.attribute = ?2 AND v.value = ?3",
                [.integer(study), .integer(key.attribute.rawValue), .text(key.value)]
            )
            if isThere != nil { set.insert(study) } else { set.remove(study) }
        }
        set.change = change
        return set
    }

    private static func made(
        _ key: Key,
        at change: Int64,
        on connection: any SQLConnection,
        _ budget: SearchBudget
    ) throws -> StudySet? {
        var set = StudySet(change: change)
        var rows = 0
        var hasPlace = true
        try connection.forEachPair(
            "SELECT v.study, v.moment FROM studyValue v WHERE v.attribute = ?1 AND v.value = ?2",
            [.integer(key.attribute.rawValue), .text(key.value)]
        ) { study, _ in
            rows += 1
            if rows % Self.rowsBetweenChecks == 0 { try budget.spend(0) }
            if study < StudySet.end { set.insert(study) } else { hasPlace = false }
        }
        return hasPlace ? set : nil
    }
}
