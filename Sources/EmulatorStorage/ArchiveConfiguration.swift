package import CollimatorCore
package import Logging

/// Where an archive keeps its files and how much it does at the same time.
package struct ArchiveConfiguration: Sendable {
    /// The absolute path of the archive's folder.
    ///
    /// It is made when it is absent. One process at a time may use it.
    package var directory: String
    package var clock: WallClock
    package var logger: Logger
    /// How many uploaded files are parsed at the same time.
    package var parserThreads: Int
    /// How many file operations (write, flush, rename) run at the same time.
    package var fileThreads: Int
    /// How many questions the index answers at the same time.
    package var readerCount: Int
    /// How long a deletion that failed pauses before it is tried again; it is given up after the last of them.
    package var deletionPauses: [Duration] = [
        .milliseconds(50), .milliseconds(200), .milliseconds(800), .milliseconds(3200),
    ]

    package init(
        directory: String,
        clock: WallClock = .live,
        logger: Logger,
        parserThreads: Int = 2,
        fileThreads: Int = 8,
        readerCount: Int = 4
    ) {
        self.directory = directory
        self.clock = clock
        self.logger = logger
        self.parserThreads = parserThreads
        self.fileThreads = fileThreads
        self.readerCount = readerCount
    }
}
