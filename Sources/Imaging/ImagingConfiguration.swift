/// Sizes, times and limits of the pictures' cache.
package struct ImagingConfiguration: Sendable {
    /// Bytes of pictures in memory.
    package var memoryBytesMax = 256 * 1024 * 1024
    /// Bytes of pictures on the disk; 0 for none.
    package var diskBytesMax = 10 * 1024 * 1024 * 1024
    /// The folder of the pictures on the disk; nil for none.
    package var directory: String?
    /// Requests for pictures that are with the stores at the same time.
    package var upstreamWidth = 8
    /// Threads that scale and encode.
    package var threads = 2
    /// How long a failure of a store is remembered, so that it is not asked again at once.
    package var failureKept = Duration.seconds(10)
    /// How long it is remembered that a store cannot render an object.
    package var refusalKept = Duration.seconds(600)
    /// How long a study must be left alone before its pictures are made ready; nil where none are.
    package var quiet: Duration? = .seconds(20)
    /// What time it is for the above.
    package var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }

    package init() {}
}
