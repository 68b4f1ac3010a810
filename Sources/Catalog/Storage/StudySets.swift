internal import Persistence
internal import Synchronization

/// The studies of values that many studies have, such as those of one modality or of one word, and those that somebody may
/// see, kept in memory between searches: whether a study has the value is asked of thousands of candidates, and of two such
/// values which studies have both.
///
/// No search pays for the making of a set for longer than it likes: what is made goes on with the next search, and until a
/// set is whole searches go about it without. A set says nothing of studies that are no more; whoever asks has found the
/// study in the same read.
final class StudySets: Sendable {
    private let state = Mutex(State())
    /// How many rows of the index are read between two looks at the time.
    private let windowRows: Int
    /// How long a set that was thrown away before it was whole is not begun anew: while studies come in by the thousand it
    /// would never be whole, and each search would pay for a piece of it.
    private let rest: Duration

    init(windowRows: Int, rest: Duration = .seconds(5)) {
        self.windowRows = windowRows
        self.rest = rest
    }

    /// What the studies of a set have in common.
    enum Key: Hashable {
        case value(Value)
        case picked(Picked)

        /// A value of one of the attributes.
        struct Value: Hashable {
            let attributes: [StudyAttribute]
            let bounds: ValueInterval.Bounds
        }

        /// Studies of one store: those of which a selector picks anything, and those that are named.
        struct Picked: Hashable {
            let store: Int64
            /// By number, in order.
            let selectors: [Int64]
            let names: NamedStudies.Identity
        }

        init(attributes: [StudyAttribute], bounds: ValueInterval.Bounds) {
            self = .value(Value(attributes: attributes, bounds: bounds))
        }
    }

    /// The state of the catalog that a search sees.
    struct Moment {
        /// The number of the last change.
        let change: Int64
        /// How many studies have ever gone.
        let gone: Int64
        /// Grows where other studies have what the set's have in common although none of them has changed.
        var revision: Int64 = 0
    }

    /// A set that is whole in the state that was asked for.
    struct Whole {
        let studies: StudySet
        /// How many of them may be no more.
        let goneMax: Int64
    }

    private struct State {
        var sets: [Key: (set: Kept, usedAt: Int)] = [:]
        /// What somebody is at.
        var making: Set<Key> = []
        /// Until when what was thrown away is not begun anew.
        var restingUntil: [Key: ContinuousClock.Instant] = [:]
        var uses = 0
        var bytes = 0
    }

    /// A set in one state of the catalog.
    fileprivate struct Kept {
        var studies = StudySet()
        var change: Int64
        /// How many studies had gone when it was begun.
        let goneBefore: Int64
        let revision: Int64
        /// What following the last changes did, so that a search that sees less can do without.
        var lastStep: (from: Int64, flipped: [Int64])?
        /// Where the making goes on; nil where the set is whole.
        var rest: Place? = Place()

        /// What it takes in memory, the names that its key holds beside it.
        func bytes(_ key: Key) -> Int {
            guard case .picked(let picked) = key else { return self.studies.bytes }
            return self.studies.bytes + picked.names.count * StudySets.nameBytes
        }

        /// None yet.
        init(_ moment: Moment) {
            self.change = moment.change
            self.goneBefore = moment.gone
            self.revision = moment.revision
        }

        /// The set before the last step.
        var before: Kept? {
            guard let lastStep else { return nil }
            var earlier = self
            earlier.lastStep = nil
            earlier.change = lastStep.from
            for study in lastStep.flipped where !earlier.studies.remove(study) { earlier.studies.insert(study) }
            return earlier
        }
    }

    /// A place in what is read to make a set: after this row of the part.
    struct Place {
        /// Attributes, selectors, or so many names.
        var part = 0
        var after: Row?

        struct Row {
            let value: SQLValue
            let moment: SQLValue
            let study: SQLValue
        }
    }

    /// The most sets that are kept, and how much they may take together; the one that was used longest ago goes.
    private static let countMax = 256
    private static let bytesMax = 33_554_432
    /// What a name takes, about: rules of before are kept as long as a set that they picked.
    private static let nameBytes = 192
    /// Where more studies have changed than these, and than a part of the set has rows, the set is made anew.
    private static let changesMin = 1_024
    private static let changesMax = 16_384

    /// How many studies had the value when the set was last looked at, where that is known without a look at the catalog.
    func count(_ key: Key) -> Int? {
        self.state.withLock { state in
            guard let set = state.sets[key]?.set, set.rest == nil else { return nil }
            return set.studies.count
        }
    }

    /// The studies that have the value in the state that the connection reads; nil where the set is not whole when the
    /// time is up, where somebody else is making it or it is not to be begun now, and where numbers have no place.
    ///
    /// `insists` is whether it is made even so; of a set that does not begin the search's, nothing more is read once the time
    /// is up.
    func studies(
        _ key: Key,
        at moment: Moment,
        on connection: any SQLConnection,
        until end: ContinuousClock.Instant,
        isFirst: Bool = true,
        insists: Bool = false
    ) throws -> Whole? {
        let known = self.kept(key)
        guard known != nil || insists || !self.isResting(key) else { return nil }
        var set = known ?? Kept(moment)
        var isLatest = true
        var isAnew = false
        if set.revision != moment.revision {
            guard set.revision < moment.revision else { return nil }
            set = Kept(moment)
            isAnew = true
        }
        if set.change > moment.change {
            guard let before = set.before, before.change <= moment.change else { return nil }
            set = before
            isLatest = false
        }
        // What was begun goes on; a search for many values does not pay for a piece of each.
        if !isFirst, set.rest != nil || set.change < moment.change, ContinuousClock.now >= end { return nil }
        let isStale = moment.gone - set.goneBefore > max(Self.changesMin, set.studies.count / 4)
        if try isStale || !Self.follow(&set, to: moment.change, key, on: connection) {
            if let known, known.rest != nil, isLatest, !insists {
                self.throwAway(known, key)
                return nil
            }
            set = Kept(moment)
            isAnew = true
        }
        if set.rest != nil {
            guard isLatest, self.begins(key) || insists else { return nil }
            defer { self.ends(key) }
            guard try self.make(&set, key, on: connection, until: end) else { return nil }
        }
        if isLatest { self.keep(set, key, inPlaceOf: isAnew ? known?.change : nil) }
        return set.rest == nil ? Whole(studies: set.studies, goneMax: moment.gone - set.goneBefore) : nil
    }

    private func kept(_ key: Key) -> Kept? {
        self.state.withLock { state in
            state.uses += 1
            state.sets[key]?.usedAt = state.uses
            return state.sets[key]?.set
        }
    }

    /// A set that is not whole takes the place of a whole one only where that was found to be of no more use: of the change
    /// `discarded`.
    private func keep(_ set: Kept, _ key: Key, inPlaceOf discarded: Int64?) {
        self.state.withLock { state in
            if let other = state.sets[key]?.set {
                let isBetter =
                    other.revision < set.revision || other.rest != nil
                    || (set.rest == nil ? other.change < set.change : other.change == discarded)
                guard isBetter else { return }
                state.bytes -= other.bytes(key)
            }
            state.sets[key] = (set, state.uses)
            state.restingUntil[key] = nil
            state.bytes += set.bytes(key)
            while state.sets.count > Self.countMax || state.bytes > Self.bytesMax {
                guard let oldest = state.sets.min(by: { $0.value.usedAt < $1.value.usedAt }) else { return }
                state.bytes -= oldest.value.set.bytes(oldest.key)
                state.sets[oldest.key] = nil
            }
        }
    }

    private func isResting(_ key: Key) -> Bool {
        let now = ContinuousClock.now
        return self.state.withLock { state in
            guard let until = state.restingUntil[key] else { return false }
            if until <= now { state.restingUntil[key] = nil }
            return now < until
        }
    }

    /// So many studies have changed since it was begun that it cannot be followed.
    private func throwAway(_ set: Kept, _ key: Key) {
        let now = ContinuousClock.now
        self.state.withLock { state in
            // Another search may have gone on with it, or be through with it.
            guard let other = state.sets[key]?.set, other.rest != nil, other.change == set.change else { return }
            state.bytes -= other.bytes(key)
            state.sets[key] = nil
            guard case .value = key else { return }
            if state.restingUntil.count >= Self.countMax {
                state.restingUntil = state.restingUntil.filter { now < $0.value }
            }
            guard state.restingUntil.count < Self.countMax else { return }
            state.restingUntil[key] = now + self.rest
        }
    }

    private func begins(_ key: Key) -> Bool { self.state.withLock { $0.making.insert(key).inserted } }

    private func ends(_ key: Key) { self.state.withLock { state in _ = state.making.remove(key) } }

    /// Brings the set to the later state; false where that takes longer than to make it anew.
    ///
    /// A study that has changed is put where it belongs whether the making has come to it or not, so that a set that is not
    /// whole yet can be followed as well.
    private static func follow(
        _ set: inout Kept,
        to change: Int64,
        _ key: Key,
        on connection: any SQLConnection
    ) throws -> Bool {
        guard set.change < change else { return true }
        let changesMax = min(max(Self.changesMin, set.studies.count / 4), Self.changesMax)
        let changed =
            switch key {
            case .value(let value): try value.changed(since: set.change, upTo: changesMax, on: connection)
            case .picked(let picked): try picked.changed(since: set.change, upTo: changesMax, on: connection)
            }
        guard changed.count < changesMax, changed.allSatisfy({ $0.study < StudySet.end }) else { return false }
        var flipped: [Int64] = []
        for (study, hasValue) in changed where hasValue ? set.studies.insert(study) : set.studies.remove(study) {
            flipped.append(study)
        }
        set.lastStep = (set.change, flipped)
        set.change = change
        return true
    }

    /// Reads on in the index, window after window, at least one; false where a number has no place.
    private func make(
        _ set: inout Kept,
        _ key: Key,
        on connection: any SQLConnection,
        until end: ContinuousClock.Instant
    ) throws -> Bool {
        set.lastStep = nil
        var hasPlace = true
        repeat {
            guard let place = set.rest else { return true }
            let insert: (Int64) -> Void = { study in
                if study < StudySet.end { set.studies.insert(study) } else { hasPlace = false }
            }
            let next =
                switch key {
                case .value(let value): try value.read(self.windowRows, at: place, on: connection, insert)
                case .picked(let picked): try picked.read(self.windowRows, at: place, on: connection, insert)
                }
            guard hasPlace else { return false }
            set.rest = next
        } while ContinuousClock.now < end
        return true
    }
}
