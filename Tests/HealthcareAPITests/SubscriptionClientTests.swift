import CollimatorCore
import HTTPTypes
import HealthcareAPI
import Hummingbird
import Testing

@Suite("A subscription of Pub/Sub")
struct SubscriptionClientTests {
    private let time = FakeTiming()
    private let server = FakeServer()

    private func withClient(
        answer: @escaping @Sendable (Int, FakeServer.Received) async throws -> Response,
        longPoll: Duration = .seconds(30),
        _ body: @escaping @Sendable (SubscriptionClient) async throws -> Void
    ) async throws {
        let time = self.time
        let name = try #require(SubscriptionName("projects/p/subscriptions/sub"))
        try await self.server.run(answer: answer) { address in
            guard let endpoint = ServiceAddress(address) else { return }
            let connections = UpstreamConnections()
            let client = SubscriptionClient(
                name: name,
                endpoint: endpoint,
                authorization: { refreshing in refreshing ? "Bearer token-2" : "Bearer token-1" },
                connections: connections,
                timing: time.timing,
                longPoll: longPoll
            )
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(client))
            } catch {
                outcome = .failure(error)
            }
            try await connections.shutdown()
            try outcome.get()
        }
    }

    @Test("messages come with their data and attributes, and are acknowledged by their ids")
    func cycle() async throws {
        let answer = """
            {"receivedMessages":[{"ackId":"a\\"1","message":{"data":"cGF0aA==","attributes":{"action":"StoreInstances"},\
            "messageId":"7"}},{"ackId":"a2","message":{"messageId":"8"},"deliveryAttempt":2},\
            {"ackId":"a3","message":{"data":"no base64"}}]}
            """
        try await self.withClient { number, _ in
            .json(number == 0 ? answer : "{}")
        } _: { client in
            let messages = try await client.pull(max: 5_000)
            #expect(messages.map(\.ackID) == ["a\"1", "a2", "a3"])
            #expect(messages.map { String(decoding: $0.data, as: UTF8.self) } == ["path", "", ""])
            #expect(messages.first?.attributes == ["action": "StoreInstances"])
            try await client.extend(["a2"], seconds: 30)
            try await client.acknowledge(messages.map(\.ackID))
            try await client.acknowledge([])
        }
        #expect(
            self.server.received.map { "\($0.method) \($0.target) \($0.body)" } == [
                "POST /v1/projects/p/subscriptions/sub:pull {\"maxMessages\":1000}",
                "POST /v1/projects/p/subscriptions/sub:modifyAckDeadline {\"ackIds\":[\"a2\"],\"ackDeadlineSeconds\":30}",
                "POST /v1/projects/p/subscriptions/sub:acknowledge {\"ackIds\":[\"a\\\"1\",\"a2\",\"a3\"]}",
            ]
        )
        #expect(self.server.received[0].headers[.authorization] == "Bearer token-1")
    }

    @Test("a credential that is refused is renewed once, and a failure that passes is waited out")
    func retries() async throws {
        try await self.withClient { number, _ in
            switch number {
            case 0: .json("{}", status: .unauthorized)
            case 1: .json("{}", status: .serviceUnavailable)
            default: .json("{}")
            }
        } _: { client in
            try await client.acknowledge(["a"])
        }
        let sent = self.server.received.map { $0.headers[.authorization] ?? "" }
        #expect(sent == ["Bearer token-1", "Bearer token-2", "Bearer token-2"])
    }

    @Test("messages that are too long together are asked for one by one")
    func long() async throws {
        let data = String(repeating: "QUFB", count: 4_500_000)
        try await self.withClient { _, received in
            guard received.body.contains(":1}") else {
                return .json("{\"receivedMessages\":[{\"ackId\":\"a\",\"message\":{\"data\":\"\(data)\"}}]}")
            }
            return .json("{\"receivedMessages\":[{\"ackId\":\"b\",\"message\":{\"data\":\"QUFB\"}}]}")
        } _: { client in
            let messages = try await client.pull(max: 100)
            #expect(messages.map(\.ackID) == ["b"])
        }
    }

    @Test("a pull that nothing answers in time gives nothing; one that is refused throws, and is not repeated")
    func refused() async throws {
        try await self.withClient { _, _ in
            .json("{}", status: .notFound)
        } _: { client in
            let error = await #expect(throws: CollimatorError.self) { try await client.pull(max: 10) }
            #expect(error?.code == .notFound)
        }
        #expect(self.server.received.count == 1)
        try await self.withClient(
            answer: { _, _ in
                try await Task.sleep(for: .seconds(2))
                return .json("{}")
            },
            longPoll: .milliseconds(50)
        ) { client in
            let messages = try await client.pull(max: 10)
            #expect(messages.isEmpty)
        }
    }

    @Test(
        "names of subscriptions",
        arguments: [
            ("projects/p/subscriptions/sub", true), ("projects/p/subscriptions/s", false),
            ("projects/p/topics/sub", false), ("projects/p/subscriptions/sub/x", false),
            ("projects/p q/subscriptions/sub", false), ("", false),
        ]
    )
    func names(text: String, isName: Bool) {
        #expect((SubscriptionName(text) != nil) == isName)
    }
}
