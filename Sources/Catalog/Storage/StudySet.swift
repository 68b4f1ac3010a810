/// Studies by number, a bit for each: a million of them are 125 kB.
struct StudySet: Sendable {
    private var words: [UInt64] = []
    /// How many there are.
    private(set) var count = 0

    /// Numbers from here on have no place.
    static let end: Int64 = 67_108_864

    /// What it takes in memory.
    var bytes: Int { self.words.count * 8 }

    func contains(_ study: Int64) -> Bool {
        let word = Int(study >> 6)
        return word < self.words.count && self.words[word] & (1 << UInt64(study & 63)) != 0
    }

    /// False where it was there already.
    @discardableResult
    mutating func insert(_ study: Int64) -> Bool {
        guard !self.contains(study) else { return false }
        let word = Int(study >> 6)
        if word >= self.words.count { self.words += Array(repeating: 0, count: word + 1 - self.words.count) }
        self.words[word] |= 1 << UInt64(study & 63)
        self.count += 1
        return true
    }

    /// False where it was not there.
    @discardableResult
    mutating func remove(_ study: Int64) -> Bool {
        guard self.contains(study) else { return false }
        self.words[Int(study >> 6)] &= ~(1 << UInt64(study & 63))
        self.count -= 1
        return true
    }

    /// Leaves those that are in both.
    mutating func formIntersection(_ other: StudySet) {
        if self.words.count > other.words.count { self.words.removeLast(self.words.count - other.words.count) }
        for index in self.words.indices { self.words[index] &= other.words[index] }
        self.recount()
    }

    /// Adds those of the other.
    mutating func formUnion(_ other: StudySet) {
        if self.words.count < other.words.count {
            self.words += Array(repeating: 0, count: other.words.count - self.words.count)
        }
        for index in other.words.indices { self.words[index] |= other.words[index] }
        self.recount()
    }

    private mutating func recount() {
        self.count = self.words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// So many of them, by number.
    func members(upTo limit: Int = .max) -> [Int64] {
        var members: [Int64] = []
        members.reserveCapacity(min(limit, self.count))
        for (index, word) in self.words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                guard members.count < limit else { return members }
                members.append(Int64(index << 6 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return members
    }
}
