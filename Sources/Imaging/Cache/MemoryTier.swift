import Synchronization

/// Pictures in memory, bounded by their bytes.
///
/// It is divided, so that requests on several threads seldom wait for each other.
final class MemoryTier: Sendable {
    private static let shardCount = 16

    private let shards: [Shard]

    /// A lock is no value: the array holds references.
    private final class Shard: Sendable {
        let pictures: Mutex<LeastRecentlyUsed<RenditionKey, Rendition>>

        init(bytesMax: Int) {
            self.pictures = Mutex(LeastRecentlyUsed(costMax: bytesMax, countMax: Int.max))
        }
    }

    init(bytesMax: Int) {
        // With little memory there are few parts, so that a picture fits into one.
        let count = min(Self.shardCount, max(1, bytesMax / Self.shardBytesMin))
        self.shards = (0..<count).map { _ in Shard(bytesMax: bytesMax / count) }
    }

    private static let shardBytesMin = 4 * 1024 * 1024

    func picture(_ key: RenditionKey) -> Rendition? {
        self.shard(key).pictures.withLock { $0.use(key) }
    }

    /// Keeps a picture; says how many had to go for it.
    @discardableResult
    func put(_ key: RenditionKey, _ rendition: Rendition) -> Int {
        let cost = rendition.bytes.count + Rendition.overheadBytes
        return self.shard(key).pictures.withLock { $0.put(key, rendition, cost: cost).count }
    }

    /// Forgets those that the closure names.
    func remove(where isGone: (RenditionKey) -> Bool) -> Int {
        self.shards.reduce(0) { total, shard in
            total
                + shard.pictures.withLock { pictures in
                    let gone = pictures.keys.filter(isGone)
                    for key in gone { pictures.remove(key) }
                    return gone.count
                }
        }
    }

    var bytes: Int { self.shards.reduce(0) { $0 + $1.pictures.withLock(\.cost) } }

    var count: Int { self.shards.reduce(0) { $0 + $1.pictures.withLock(\.count) } }

    private func shard(_ key: RenditionKey) -> Shard {
        self.shards[Int(key.hashValue.magnitude % UInt(self.shards.count))]
    }
}
