internal import CollimatorCore
internal import Cryptography
internal import NIOHTTP1

/// One subscription of Pub/Sub over REST: messages are pulled, kept longer and acknowledged.
package struct SubscriptionClient: Sendable {
    /// The most messages that one call gives or acknowledges.
    package static let messagesMax = 1_000
    /// The longest answer to a pull: the largest message there can be, in Base64, with room for the rest.
    static let answerBytesMax = 16 * 1024 * 1024

    package let name: SubscriptionName
    private let pulling: AdministrationExchange
    private let settling: AdministrationExchange

    /// - Parameters:
    ///   - name: the subscription.
    ///   - endpoint: the address of Pub/Sub or of what stands in for it.
    ///   - authorization: the value of the `Authorization` header, as ``AccessTokenSource/authorization`` gives it.
    ///   - connections: how to reach it.
    ///   - timing: replaced by tests.
    ///   - longPoll: how long a pull may take until the first message is there.
    package init(
        name: SubscriptionName,
        endpoint: ServiceAddress = .pubsub,
        authorization: @escaping @Sendable (_ refreshing: Bool) async throws -> String?,
        connections: UpstreamConnections,
        timing: CredentialTiming = .live,
        longPoll: Duration = .seconds(100)
    ) {
        self.name = name
        func exchange(_ policy: RequestPolicy, _ answerBytesMax: Int) -> AdministrationExchange {
            AdministrationExchange(
                endpoint: endpoint,
                authorization: authorization,
                connections: connections,
                timing: timing,
                policy: policy,
                answerBytesMax: answerBytesMax
            )
        }
        // A pull that fails is not repeated here: whoever pulls does it for ever, and waits in between.
        self.pulling = exchange(RequestPolicy(attemptsMax: 1, attemptDeadline: longPoll), Self.answerBytesMax)
        self.settling = exchange(RequestPolicy(), AdministrationExchange.answerBytesMaxStandard)
    }

    /// The next messages, none where none came in time.
    ///
    /// Where they are too long together, one is asked for.
    package func pull(max count: Int) async throws -> [ReceivedMessage] {
        do {
            return try await self.pullOnce(max: min(count, Self.messagesMax))
        } catch let error as CollimatorError where error.code == .tooLarge && count > 1 {
            return try await self.pull(max: 1)
        } catch let error as CollimatorError where error.code == .tooLarge {
            throw CollimatorError(.upstreamInvalid, "the answer to a pull is longer than a message can be")
        } catch let error as CollimatorError where error.code == .upstreamTimeout {
            return []
        }
    }

    private func pullOnce(max count: Int) async throws -> [ReceivedMessage] {
        let body = Array("{\"maxMessages\":\(count)}".utf8)
        let answer = try await self.pulling.bytes(.POST, self.address("pull"), body: body)
        return try ReceivedMessage.messages(of: answer ?? [])
    }

    /// Says that the messages were dealt with; they do not come again.
    package func acknowledge(_ ids: [String]) async throws {
        try await self.settle(ids, "acknowledge")
    }

    /// Keeps the messages for so many seconds from now; 0 gives them back.
    package func extend(_ ids: [String], seconds: Int) async throws {
        try await self.settle(ids, "modifyAckDeadline", ",\"ackDeadlineSeconds\":\(seconds)")
    }

    private func settle(_ ids: [String], _ verb: String, _ more: String = "") async throws {
        guard !ids.isEmpty else { return }
        let list = ids.map { StrictJSON.quoted($0) }.joined(separator: ",")
        let body = Array("{\"ackIds\":[\(list)]\(more)}".utf8)
        _ = try await self.settling.bytes(.POST, self.address(verb), body: body)
    }

    private func address(_ verb: String) -> String {
        "\(self.settling.endpoint)/v1/\(ResourcePath.encoded(self.name.description)):\(verb)"
    }
}
