/// What a long answer may write before others have its thread.
///
/// Where both ends are quick nothing on the way waits, and a task that never waits keeps its thread; there are only as
/// many of these as processors.
struct ThreadShare: Sendable {
    /// Bytes between two turns; copying so many takes less than a millisecond.
    static let bytesMax = 1024 * 1024

    private var bytes = 0

    init() {}

    /// Counts bytes that were written, and lets others go first when the share is used up.
    mutating func spend(_ count: Int) async {
        self.bytes += count
        guard self.bytes >= Self.bytesMax else { return }
        self.bytes = 0
        await Task.yield()
    }
}
