/// The places between the steps of durable work, where tests end the process.
struct FaultPoints: Sendable {
    /// Called at each place with its name; does nothing in the program.
    var reach: @Sendable (Point) -> Void = { _ in }

    enum Point: String, Sendable, CaseIterable {
        /// The upload is written, not flushed.
        case spooled
        /// The upload's bytes are on the disk.
        case flushed
        /// The file has its final name.
        case renamed
        /// The final name is on the disk.
        case folderFlushed
        /// The row is on the disk; the answer is not given.
        case committed
        /// A study or series is out of every answer; its rows and files are there.
        case unlisted
        /// Some rows are gone; their files are there.
        case rowsDeleted
        /// The files of those rows are gone.
        case filesRemoved
        /// The last rows of the study or series are gone.
        case deletionFinished
    }
}
