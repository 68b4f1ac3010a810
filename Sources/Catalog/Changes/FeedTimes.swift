/// When studies count as having come to rest, and how long the change feed is kept.
package struct FeedTimes: Hashable, Sendable {
    /// How long nothing of a study has changed when it is told that it has come to rest.
    package var quiet = Duration.seconds(60)
    /// After this time it is told of a study that never comes to rest, too.
    package var quietMax = Duration.seconds(30 * 60)
    /// How long events are kept.
    package var retention = Duration.seconds(7 * 24 * 60 * 60)
    /// How many events are kept at the most.
    package var eventsMax = 1_000_000
    /// Events a second of what a comparison found, after the first ``reconciledBurst`` of a page.
    package var reconciledPerSecond = 500
    /// Events of what a comparison found that are written without a rest.
    package var reconciledBurst = 1_000

    package init() {}
}

extension Duration {
    /// Whole milliseconds.
    var wholeMilliseconds: Int64 {
        self.components.seconds * 1_000 + self.components.attoseconds / 1_000_000_000_000_000
    }
}
