/// Values by key, with a cost each: over a bound the ones that were not used for the longest time go.
///
/// The order is a list through an array, so that using, adding and removing take the same time however many there are.
struct LeastRecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Node: Sendable {
        var entry: (key: Key, value: Value)?
        var cost: Int
        var newer: Int
        var older: Int
    }

    private let costMax: Int
    private let countMax: Int
    private var index: [Key: Int] = [:]
    private var nodes: [Node] = []
    private var free: [Int] = []
    private var newest = -1
    private var oldest = -1
    private(set) var cost = 0

    init(costMax: Int, countMax: Int) {
        self.costMax = costMax
        self.countMax = countMax
    }

    var count: Int { self.index.count }

    var keys: [Key] { Array(self.index.keys) }

    /// The value, which counts as used.
    mutating func use(_ key: Key) -> Value? {
        guard let place = self.index[key] else { return nil }
        if place != self.newest {
            self.unlink(place)
            self.linkNewest(place)
        }
        return self.nodes[place].entry?.value
    }

    /// Puts a value in, in place of what was there, and gives what had to go for it.
    ///
    /// A value that costs more than the bound is not kept.
    mutating func put(_ key: Key, _ value: Value, cost: Int) -> [(key: Key, value: Value)] {
        self.remove(key)
        guard cost <= self.costMax, self.countMax > 0 else { return [(key, value)] }
        let node = Node(entry: (key, value), cost: cost, newer: -1, older: -1)
        let place: Int
        if let unused = self.free.popLast() {
            place = unused
            self.nodes[place] = node
        } else {
            place = self.nodes.count
            self.nodes.append(node)
        }
        self.index[key] = place
        self.cost += cost
        self.linkNewest(place)
        var gone: [(key: Key, value: Value)] = []
        while self.cost > self.costMax || self.index.count > self.countMax {
            guard let entry = self.nodes[self.oldest].entry else { break }
            self.remove(entry.key)
            gone.append(entry)
        }
        return gone
    }

    @discardableResult
    mutating func remove(_ key: Key) -> Value? {
        guard let place = self.index.removeValue(forKey: key) else { return nil }
        let value = self.nodes[place].entry?.value
        self.cost -= self.nodes[place].cost
        self.unlink(place)
        self.nodes[place].entry = nil
        self.free.append(place)
        return value
    }

    mutating func removeAll() {
        self = LeastRecentlyUsed(costMax: self.costMax, countMax: self.countMax)
    }

    private mutating func unlink(_ place: Int) {
        let node = self.nodes[place]
        if node.newer >= 0 { self.nodes[node.newer].older = node.older } else { self.newest = node.older }
        if node.older >= 0 { self.nodes[node.older].newer = node.newer } else { self.oldest = node.newer }
    }

    private mutating func linkNewest(_ place: Int) {
        self.nodes[place].newer = -1
        self.nodes[place].older = self.newest
        if self.newest >= 0 { self.nodes[self.newest].newer = place }
        self.newest = place
        if self.oldest < 0 { self.oldest = place }
    }
}
