internal import Catalog

/// The sending again of what the feed told since a time: a job that goes on after a restart.
package struct WebhookReplay: Hashable, Sendable {
    package let id: String
    package let endpoint: String
    package let state: State
    package let wish: Wish
    /// How many events lie in its range of the feed, and how many of them were looked at.
    package let events: Int64
    package let eventsDone: Int64
    /// Deliveries that it has asked for.
    package let deliveries: Int64
    /// Whether the feed still had everything since the time.
    package let isComplete: Bool
    /// Milliseconds since 1970.
    package let createdAt: Int64
    /// Milliseconds since 1970.
    package let endedAt: Int64?
    let position: ChangeFeed.Position
    let endSequence: Int64

    /// How far it is.
    package enum State: String, Sendable, CaseIterable {
        case running
        case finished
        case cancelled
    }

    /// What is wished for.
    package struct Wish: Hashable, Sendable {
        /// Milliseconds since 1970.
        package let since: Int64
        /// Milliseconds since 1970; nil for up to when it is asked for.
        package let until: Int64?
        /// Whether what was delivered is delivered again.
        package let includesDelivered: Bool

        package init(since: Int64, until: Int64? = nil, includesDelivered: Bool = false) {
            self.since = since
            self.until = until
            self.includesDelivered = includesDelivered
        }

        func contains(_ milliseconds: Int64) -> Bool {
            milliseconds >= self.since && self.until.map { milliseconds <= $0 } ?? true
        }
    }

    /// Whether the text can be an id of one.
    package static func isID(_ text: some StringProtocol) -> Bool { WebhookEndpoint.isID(text, prefix: Self.idPrefix) }

    static let idPrefix = "rp_"
    /// Of one endpoint that are kept: the oldest are forgotten.
    static let keptMax = 100
}
