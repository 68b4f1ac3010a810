/// Candidates that come into the order of the list as far as somebody looks: of ten thousand, a page and its total need
/// the first thousand, and sorting them all would cost more than reading them did.
struct OrderedCandidates {
    /// Those that are in order.
    private var ordered: [Candidate] = []
    private var rest: Heap

    /// A study may be among them more than once.
    init(_ candidates: [Candidate], _ order: StudyOrder) {
        var seen: Set<Int64> = []
        self.ordered = candidates.filter { seen.insert($0.study).inserted }.sorted { order.precedes($0, $1) }
        self.rest = Heap(isDescending: order.isDescending)
    }

    /// Of an order by number.
    init(_ numbered: [Numbered], isDescending: Bool) {
        self.rest = Heap(numbered, isDescending: isDescending)
    }

    /// A study with the number that it is ordered by.
    struct Numbered {
        let study: Int64
        let key: Int64
    }

    /// How many there are, those that occur more than once counted as often.
    var countMax: Int { self.ordered.count + self.rest.count }

    /// The candidate at the index, each study once; nil after the last.
    mutating func candidate(at index: Int) -> Candidate? {
        while self.ordered.count <= index {
            guard let next = self.rest.removeFirst() else { return nil }
            // What occurs twice stands together.
            guard next.study != self.ordered.last?.study else { continue }
            self.ordered.append(Candidate(study: next.study, key: .number(next.key)))
        }
        return self.ordered[index]
    }

    /// A binary heap with the first of the list at its top.
    private struct Heap {
        private var elements: [Numbered]
        private let isDescending: Bool

        init(_ elements: [Numbered] = [], isDescending: Bool) {
            self.elements = elements
            self.isDescending = isDescending
            for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { self.sink(index) }
        }

        var count: Int { self.elements.count }

        mutating func removeFirst() -> Numbered? {
            guard let first = self.elements.first, let last = self.elements.popLast() else { return nil }
            if !self.elements.isEmpty {
                self.elements[0] = last
                self.sink(0)
            }
            return first
        }

        private func precedes(_ first: Numbered, _ second: Numbered) -> Bool {
            if first.key != second.key { return (first.key < second.key) != self.isDescending }
            return first.study != second.study && (first.study < second.study) != self.isDescending
        }

        private mutating func sink(_ start: Int) {
            let element = self.elements[start]
            var index = start
            while true {
                var child = 2 * index + 1
                guard child < self.elements.count else { break }
                if child + 1 < self.elements.count, self.precedes(self.elements[child + 1], self.elements[child]) {
                    child += 1
                }
                guard self.precedes(self.elements[child], element) else { break }
                self.elements[index] = self.elements[child]
                index = child
            }
            self.elements[index] = element
        }
    }
}
