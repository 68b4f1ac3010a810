internal import Persistence

extension ChangeFeed {
    /// A part of the feed: what was written since a time and until now.
    package struct Stretch: Hashable, Sendable {
        /// Before its first event.
        package let start: Position
        /// After its last event.
        package let end: Position
        /// Whether everything since the time is still kept.
        package let isComplete: Bool
    }

    /// What was written since the time, in milliseconds since 1970.
    ///
    /// It begins with the first event of that time or later: a clock that was set back meanwhile does not shorten it.
    package func stretch(since milliseconds: Int64) async throws -> Stretch {
        try await self.catalog.database.read { connection in
            let marks = try Self.marks(on: connection)
            let first = try connection.queryOne(
                "SELECT MIN(sequence) FROM event WHERE time >= ?1",
                [.integer(milliseconds)]
            )?.integerIfPresent(0)
            // What was dropped was written before the oldest that is kept.
            let oldest = try connection.queryOne("SELECT time FROM event ORDER BY sequence LIMIT 1")?.integer(0)
            return Stretch(
                start: Position(beginning: marks.beginning, sequence: first.map { $0 - 1 } ?? marks.last),
                end: Position(beginning: marks.beginning, sequence: marks.last),
                isComplete: marks.dropped == 0 || (oldest ?? .max) < milliseconds
            )
        }
    }
}
