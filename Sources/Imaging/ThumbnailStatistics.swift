import Synchronization

/// What the cache did since the start of the process, and what is in it now.
package struct ThumbnailStatistics: Hashable, Sendable {
    /// Pictures that were given from memory.
    package var memoryHits = 0
    /// Pictures that were given from the disk.
    package var diskHits = 0
    /// Pictures that were made of a larger one that was there.
    package var derived = 0
    /// Icons that were given.
    package var icons = 0
    /// Pictures that a store was asked for.
    package var upstreamRequests = 0
    /// Of these, such as failed.
    package var upstreamFailures = 0
    /// How long these took in all, in milliseconds.
    package var upstreamMilliseconds = 0
    /// Pictures that went from memory for others.
    package var memoryEvictions = 0
    package var memoryBytes = 0
    package var memoryCount = 0
    package var diskBytes = 0
    package var diskCount = 0

    /// About how long callers would have waited for the stores without the cache, in milliseconds.
    package var savedMilliseconds: Int {
        let answered = self.upstreamRequests - self.upstreamFailures
        guard answered > 0 else { return 0 }
        return (self.memoryHits + self.diskHits + self.derived) * (self.upstreamMilliseconds / answered)
    }
}

/// The counters behind ``ThumbnailStatistics``.
final class ThumbnailCounters: Sendable {
    let memoryHits = Atomic(0)
    let diskHits = Atomic(0)
    let derived = Atomic(0)
    let icons = Atomic(0)
    let upstreamRequests = Atomic(0)
    let upstreamFailures = Atomic(0)
    let upstreamMilliseconds = Atomic(0)
    let memoryEvictions = Atomic(0)

    var statistics: ThumbnailStatistics {
        var statistics = ThumbnailStatistics()
        statistics.memoryHits = self.memoryHits.load(ordering: .relaxed)
        statistics.diskHits = self.diskHits.load(ordering: .relaxed)
        statistics.derived = self.derived.load(ordering: .relaxed)
        statistics.icons = self.icons.load(ordering: .relaxed)
        statistics.upstreamRequests = self.upstreamRequests.load(ordering: .relaxed)
        statistics.upstreamFailures = self.upstreamFailures.load(ordering: .relaxed)
        statistics.upstreamMilliseconds = self.upstreamMilliseconds.load(ordering: .relaxed)
        statistics.memoryEvictions = self.memoryEvictions.load(ordering: .relaxed)
        return statistics
    }
}
