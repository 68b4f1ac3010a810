extension StoreSynchronizer {
    /// Times and limits of the synchronisation of one store.
    package struct Configuration: Sendable {
        /// How long notices of the same study are gathered before it is asked for again.
        package var gathering = Duration.seconds(2)
        /// How long after the end of a walk that tells nobody a notice may come of what arrived while it went on.
        package var noticeLateness = Duration.seconds(60)
        /// How long a search waits for studies that were written just before it.
        package var searchWait = Duration.seconds(1)
        /// How long the answer to an upload waits for the catalog.
        package var writeWait = Duration.seconds(5)
        /// The most studies that one search brings in.
        package var broughtInMax = 100
        /// After a deletion the study is asked for again after this time, and then after ever longer ones.
        package var deletionWait = Duration.milliseconds(500)
        /// How long after a deletion each search asks for the study, because the store may be about to lose it.
        package var deletionSearched = Duration.seconds(10)
        /// How long a deletion is given to show.
        package var deletionWatched = Duration.seconds(10 * 60)
        /// How often the store's own count is compared.
        package var checking = Duration.seconds(30)
        /// How often the store is asked for an upload of which nobody knows what became.
        package var uploadAsking = Duration.seconds(30)
        /// How long after an upload broke off, or after the start, the store may still be taking it in: what it does not
        /// have then was not stored.
        package var writeLasting = Duration.seconds(10 * 60)
        /// How long a failure is waited out at first.
        package var retrying = Duration.seconds(1)
        /// The longest of these waits, unless the store asks for more.
        package var retryingMax = Duration.seconds(64)
        /// The least time between two walks that a different count makes.
        package var settling = Duration.seconds(60)
        /// How many times as long as it took a walk is the least time until a different count makes the next.
        package var settlingFactor = 10
        /// How often everything is compared, and at the least where the store gives no count.
        package var sweeping = Duration.seconds(6 * 60 * 60)
        /// The least time between two walks over a store that gives no count.
        package var countlessSweeping = Duration.seconds(5 * 60)
        /// How many times as long as it took a walk is the time until the next where the store gives no count.
        package var countlessFactor = 100
        /// Studies that are asked for at the same time.
        package var refreshesMax = 4
        /// Studies that are asked for or being written at the same time.
        package var writesMax = 64
        /// Suspects that are asked for between two looks at the list.
        package var suspectsMax = 100
        /// How long the counting rests after each study, so that it leaves the store to others.
        package var countingRest = Duration.milliseconds(10)
        /// Notices kept; beyond that everything is compared instead.
        package var noticesMax = 10_000
        /// Hears of what changed, after it was written down; it must return quickly.
        package var onChange: @Sendable (_ change: StudyChangeNotice) async -> Void = { _ in }
        /// Waits, so that tests need not.
        package var sleep: @Sendable (_ duration: Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        /// What time it is for the limits above.
        package var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }

        package init() {}
    }
}
