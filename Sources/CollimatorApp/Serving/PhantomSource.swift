import NIOPosix
package import PhantomStudies
import Synchronization

/// Made-up files, made one by one on a thread of their own: drawing them takes the processor for a while.
package final class PhantomSource: Sendable {
    /// How many files there are in all.
    package let count: Int
    private let iterator: Mutex<PhantomCollection.Iterator>

    package init(_ collection: PhantomCollection) {
        self.count = collection.count
        self.iterator = Mutex(collection.makeIterator())
    }

    package init(_ collection: BenchmarkCollection) {
        self.count = collection.count
        self.iterator = Mutex(collection.makeIterator())
    }

    /// The next file; nil after the last.
    package func next() async throws -> PhantomFile? {
        try await NIOThreadPool.singleton.runIfActive {
            self.iterator.withLock { $0.next() }
        }
    }
}
