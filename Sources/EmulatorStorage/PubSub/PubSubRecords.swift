internal import CollimatorCore
package import FoundationEssentials

/// A topic: its name and the JSON text of its own fields.
package struct TopicRecord: Sendable, Hashable {
    package let name: PubSubName
    package let body: [UInt8]
}

/// A subscription: its name, the JSON text of its own fields, and whether its topic is still there.
package struct SubscriptionRecord: Sendable, Hashable {
    package let name: PubSubName
    /// Nil where the topic was deleted.
    package let topic: PubSubName?
    package let isDetached: Bool
    package let body: [UInt8]

    package init(name: PubSubName, topic: PubSubName?, isDetached: Bool, body: [UInt8]) {
        self.name = name
        self.topic = topic
        self.isDetached = isDetached
        self.body = body
    }
}

/// What of a subscription decides about its deliveries.
package struct SubscriptionSettings: Sendable, Hashable {
    package var isPush = false
    package var ackDeadlineSeconds = 10
    package var retentionSeconds = 7 * 24 * 3600
    package var deadLetterTopic: PubSubName?
    /// How often a message is given out before it goes to the dead-letter topic.
    package var attemptsMax = 5
    /// How long a refused message waits the first time; 0 where it does not wait.
    package var backoffMinSeconds = 0
    package var backoffMaxSeconds = 0

    package init() {}
}

/// A message to be published.
package struct OutgoingMessage: Sendable, Hashable {
    package var data: [UInt8]
    /// The JSON text of an object of strings.
    package var attributes: [UInt8]
    package var orderingKey: String

    package init(data: [UInt8], attributes: [UInt8] = Array("{}".utf8), orderingKey: String = "") {
        self.data = data
        self.attributes = attributes
        self.orderingKey = orderingKey
    }
}

/// A message that was given out, until ``AckID`` is acknowledged or its deadline is over.
package struct GivenMessage: Sendable, Hashable {
    package let ackID: AckID
    package let message: OutgoingMessage
    package let publishedAt: Date
    /// How often it was given out, this time included; nil without a dead-letter topic.
    package let deliveryAttempt: Int?
}

/// Names one giving out of one message to one subscription.
package struct AckID: Sendable, Hashable {
    package let subscription: Int64
    package let message: Int64
    package let attempt: Int64

    init(subscription: Int64, message: Int64, attempt: Int64) {
        self.subscription = subscription
        self.message = message
        self.attempt = attempt
    }

    /// Nil where the text is none that ``text`` gives.
    package init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        guard numbers.count == 3, let subscription = numbers[0], let message = numbers[1], let attempt = numbers[2]
        else { return nil }
        self.init(subscription: subscription, message: message, attempt: attempt)
    }

    package var text: String { "\(self.subscription)-\(self.message)-\(self.attempt)" }
}
