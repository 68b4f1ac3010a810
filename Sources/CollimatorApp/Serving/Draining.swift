import Glibc

/// How a process that serves comes to its end after Ctrl-C or SIGTERM.
package struct Draining: Sendable {
    /// How long the requests under way are given; then their connections are cut.
    package var limit: Duration
    /// How long what was cut is given to let go; then the process ends without waiting for it.
    package var cutLimit = Duration.seconds(5)
    /// Ends the process at once, without running anything more of it.
    ///
    /// Nothing is lost by it: whatever was answered is on the disk.
    package var leave: @Sendable (_ status: Int32) -> Void = { status in _exit(status) }

    package static let standardLimit = Duration.seconds(20)
    /// Added to the number of a signal, it is the status of a process that the signal ended, as shells have it.
    static let signalStatusBase: Int32 = 128

    package init(limit: Duration = Self.standardLimit) {
        self.limit = limit
    }
}
