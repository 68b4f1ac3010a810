/// Studies that are named by UID, with how much of each.
///
/// Somebody may have a hundred thousand of them. They are put together once, when the rules change, and shared from then
/// on: nothing here is done for each of them but what says so.
package struct NamedStudies: Sendable {
    private var sets: [Shared] = []

    fileprivate final class Shared: Sendable {
        let parts: [String: StudyPart]
        let isPartial: Bool
        /// All of them in order, and those that are named whole: every list asks for them.
        let uids: [String]
        let wholeUIDs: [String]

        init(_ parts: [String: StudyPart]) {
            self.parts = parts
            self.uids = parts.keys.sorted()
            self.wholeUIDs = self.uids.filter { parts[$0] == .whole }
            self.isPartial = self.wholeUIDs.count < self.uids.count
        }
    }

    /// What all of them name.
    init(together all: [NamedStudies]) {
        var seen: Set<ObjectIdentifier> = []
        for named in all {
            for set in named.sets where seen.insert(ObjectIdentifier(set)).inserted { self.sets.append(set) }
        }
    }

    package init(_ parts: [String: StudyPart]) {
        let parts = parts.filter { $0.value != .nothing }
        if !parts.isEmpty { self.sets = [Shared(parts)] }
    }

    package var isEmpty: Bool { self.sets.isEmpty }

    /// How many sets it is made of.
    var setCount: Int { self.sets.count }

    /// The same in one set.
    var merged: NamedStudies { NamedStudies(self.parts) }

    /// How many there are, those that occur in several sets counted as often.
    package var count: Int { self.sets.reduce(0) { $0 + $1.parts.count } }

    /// Whether less than a whole study is named.
    var isPartial: Bool { self.sets.contains(where: \.isPartial) }

    /// How much of the study is named; nil where it is not.
    package subscript(study: String) -> StudyPart? {
        self.sets.reduce(nil) { known, set in
            guard let part = set.parts[study] else { return known }
            return known?.union(part) ?? part
        }
    }

    /// Adds what the other names; of a study that both name it is what either says.
    package mutating func formUnion(_ other: NamedStudies) {
        for set in other.sets where !self.sets.contains(where: { $0 === set }) { self.sets.append(set) }
    }

    /// All of them, each once and in order; where they come from several sets it goes over each.
    func uids(wholeOnly: Bool = false) -> [String] {
        let lists = self.sets.map { wholeOnly ? $0.wholeUIDs : $0.uids }
        guard lists.count != 1 else { return lists[0] }
        return Set(lists.joined()).sorted()
    }

    /// Which sets it is made of: equal where the names are the same ones, and at no cost for each of them.
    struct Identity: Hashable, Sendable {
        private let sets: [Shared]

        fileprivate init(_ sets: [Shared]) { self.sets = sets }

        static func == (left: Identity, right: Identity) -> Bool { left.sets.elementsEqual(right.sets, by: ===) }

        func hash(into hasher: inout Hasher) {
            for set in self.sets { hasher.combine(ObjectIdentifier(set)) }
        }

        /// How many names there are.
        var count: Int { self.sets.reduce(0) { $0 + $1.uids.count } }

        /// Whether the study is named.
        func contains(_ study: String) -> Bool { self.sets.contains { $0.parts[study] != nil } }

        /// So many of the names at a time; nil after the last.
        func names(at index: Int, atATime count: Int) -> ArraySlice<String>? {
            var index = index
            for set in self.sets {
                let pieces = (set.uids.count + count - 1) / count
                guard index >= pieces else {
                    return set.uids[(index * count)..<min(set.uids.count, (index + 1) * count)]
                }
                index -= pieces
            }
            return nil
        }
    }

    var identity: Identity { Identity(self.sets) }

    private var parts: [String: StudyPart] {
        self.sets.reduce(into: [:]) { $0.merge($1.parts) { $0.union($1) } }
    }
}

extension NamedStudies: Hashable {
    /// It goes over each, unless both are made of the same.
    package static func == (left: NamedStudies, right: NamedStudies) -> Bool {
        if left.sets.elementsEqual(right.sets, by: ===) { return true }
        return left.parts == right.parts
    }

    /// Whether there are any is all that is taken, for equal ones may be made of different sets.
    package func hash(into hasher: inout Hasher) { hasher.combine(self.isEmpty) }
}

extension NamedStudies: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral parts: (String, StudyPart)...) {
        self.init(Dictionary(parts) { $0.union($1) })
    }
}
