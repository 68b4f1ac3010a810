import CollimatorCore
import Foundation
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("Pub/Sub of the emulator")
struct PubSubTests {
    static let topic = "projects/local/topics/images"
    static let subscription = "projects/local/subscriptions/gateway"

    /// Makes the topic and a subscription of it.
    static func subscribe(_ server: TestServer, _ fields: String = "") async throws {
        #expect(try await server.send(.PUT, "/v1/\(Self.topic)", json: "{}").status == 200)
        let body = "{\"topic\":\"\(Self.topic)\"\(fields)}"
        #expect(try await server.send(.PUT, "/v1/\(Self.subscription)", json: body).status == 200)
    }

    static func publish(_ server: TestServer, _ text: String) async throws {
        let data = Data(text.utf8).base64EncodedString()
        let body = "{\"messages\":[{\"data\":\"\(data)\",\"attributes\":{\"a\":\"b\"}}]}"
        #expect(try await server.send(.POST, "/v1/\(Self.topic):publish", json: body).status == 200)
    }

    struct Received {
        let ackID: String
        let text: String
        let attributes: [String: String]
        let attempt: Int?
    }

    static func pull(
        _ server: TestServer,
        _ subscription: String = Self.subscription,
        max: Int = 10,
        waits: Bool = false
    ) async throws -> [Received] {
        let body = "{\"maxMessages\":\(max),\"returnImmediately\":\(!waits)}"
        let reply = try await server.send(.POST, "/v1/\(subscription):pull", json: body)
        #expect(reply.status == 200)
        return (reply.object["receivedMessages"] as? [[String: Any]] ?? []).map { received in
            let message = received["message"] as? [String: Any] ?? [:]
            let data = Data(base64Encoded: message["data"] as? String ?? "") ?? Data()
            return Received(
                ackID: received["ackId"] as? String ?? "",
                text: String(decoding: data, as: UTF8.self),
                attributes: message["attributes"] as? [String: String] ?? [:],
                attempt: received["deliveryAttempt"] as? Int
            )
        }
    }

    static func acknowledge(_ server: TestServer, _ ids: [String]) async throws -> Int {
        let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
        return try await server.send(.POST, "/v1/\(Self.subscription):acknowledge", json: "{\"ackIds\":[\(list)]}")
            .status
    }

    @Test("a message is given out until it is acknowledged, and by its deadline to one at a time")
    func cycle() async throws {
        let clock = MovableClock()
        try await withEmulator(clock: clock.clock) { server in
            try await Self.subscribe(server)
            try await Self.publish(server, "one")
            let first = try await Self.pull(server)
            #expect(first.map(\.text) == ["one"])
            #expect(first.first?.attributes == ["a": "b"])
            #expect(first.first?.attempt == nil)
            #expect(try await Self.pull(server).isEmpty)
            clock.advance(11)
            let second = try await Self.pull(server)
            #expect(second.map(\.text) == ["one"])
            #expect(try await Self.acknowledge(server, second.map(\.ackID)) == 200)
            #expect(try await Self.acknowledge(server, first.map(\.ackID)) == 200)
            clock.advance(11)
            #expect(try await Self.pull(server).isEmpty)
        }
    }

    @Test("a deadline that is moved keeps a message back, and 0 gives it back at once")
    func deadlines() async throws {
        let clock = MovableClock()
        try await withEmulator(clock: clock.clock) { server in
            try await Self.subscribe(server)
            try await Self.publish(server, "one")
            let id = try #require(try await Self.pull(server).first?.ackID)
            func move(_ seconds: Int) async throws -> Int {
                let body = "{\"ackIds\":[\"\(id)\"],\"ackDeadlineSeconds\":\(seconds)}"
                let path = "/v1/\(Self.subscription):modifyAckDeadline"
                return try await server.send(.POST, path, json: body).status
            }
            #expect(try await move(60) == 200)
            clock.advance(30)
            #expect(try await Self.pull(server).isEmpty)
            #expect(try await move(0) == 200)
            #expect(try await Self.pull(server).count == 1)
            #expect(try await move(601) == 400)
        }
    }

    @Test("a pull that waits is answered by the next message")
    func longPoll() async throws {
        try await withEmulator { server in
            try await Self.subscribe(server)
            async let waiting = Self.pull(server, waits: true)
            try await Self.publish(server, "late")
            let received = try await waiting
            #expect(received.map(\.text) == ["late"])
        }
    }

    @Test("after as many attempts as the policy says a message goes to the dead-letter topic")
    func deadLetters() async throws {
        let clock = MovableClock()
        try await withEmulator(clock: clock.clock) { server in
            let dead = "projects/local/topics/dead"
            #expect(try await server.send(.PUT, "/v1/\(dead)", json: "{}").status == 200)
            let policy = ",\"deadLetterPolicy\":{\"deadLetterTopic\":\"\(dead)\",\"maxDeliveryAttempts\":5}"
            try await Self.subscribe(server, policy)
            let other = "projects/local/subscriptions/dead-letters"
            #expect(try await server.send(.PUT, "/v1/\(other)", json: "{\"topic\":\"\(dead)\"}").status == 200)
            try await Self.publish(server, "poison")
            for attempt in 1...5 {
                #expect(try await Self.pull(server).first?.attempt == attempt)
                clock.advance(11)
            }
            #expect(try await Self.pull(server).isEmpty)
            let letter = try await Self.pull(server, other)
            #expect(letter.map(\.text) == ["poison"])
            #expect(letter.first?.attributes["CloudPubSubDeadLetterSourceSubscription"] == "gateway")
            #expect(letter.first?.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5")
        }
    }

    @Test("a message older than the retention is dropped")
    func retention() async throws {
        let clock = MovableClock()
        try await withEmulator(clock: clock.clock) { server in
            try await Self.subscribe(server, ",\"messageRetentionDuration\":\"600s\"")
            try await Self.publish(server, "old")
            clock.advance(601)
            try await Self.publish(server, "new")
            #expect(try await Self.pull(server).map(\.text) == ["new"])
        }
    }

    @Test("storing and deleting is told in both forms, and what was told survives a restart")
    func notifications() async throws {
        let directory = try TemporaryDirectory()
        let object = TestObject()
        try await withEmulator(directory: directory.path) { server in
            try await Self.subscribe(server)
            let plain = "{\"notificationConfig\":{\"pubsubTopic\":\"\(Self.topic)\"}}"
            let full = "{\"notificationConfigs\":[{\"pubsubTopic\":\"\(Self.topic)\"}]}"
            let mask = "?updateMask=notificationConfig,notificationConfigs"
            #expect(try await server.send(.PATCH, TestServer.store + mask, json: plain).status == 200)
            #expect(try await server.store(object).status == 200)
            let first = try await Self.pull(server)
            let path = "\(TestServer.dicomWeb.dropFirst(4))/studies/\(object.study)/series/\(object.series)"
            let name = "\(path)/instances/\(object.instance)"
            #expect(first.map(\.text) == [name])
            #expect(first.first?.attributes.isEmpty == true)
            #expect(try await Self.acknowledge(server, first.map(\.ackID)) == 200)
            #expect(try await server.send(.PATCH, TestServer.store + mask, json: full).status == 200)
            // Stored again it is nothing new, and nothing is told.
            #expect(try await server.store(object).status == 200)
            #expect(try await Self.pull(server).isEmpty)
            #expect(try await server.store(TestObject(2)).status == 200)
            let study = TestServer.dicomWeb + "/studies/\(object.study)"
            #expect(try await server.send(.DELETE, study).status == 200)
        }
        try await withEmulator(directory: directory.path) { server in
            let received = try await Self.pull(server)
            let actions = received.map { $0.attributes["action"] ?? "" }
            #expect(actions == ["StoreInstances", "DeleteInstances", "DeleteInstances"])
            let attributes = try #require(received.first?.attributes)
            #expect(attributes["storeName"] == "projects/local/locations/local/datasets/imaging/dicomStores/radiology")
            #expect(attributes["studyInstanceUID"] == object.study)
            #expect(attributes["modality"] == "CT")
            #expect(attributes["lastUpdatedTime"]?.hasSuffix(" UTC") == true)
            #expect(Set(received.dropFirst().map { $0.attributes["sopInstanceUID"] ?? "" }).count == 2)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("names, values and fields that are not valid or not offered are refused")
    func refusals() async throws {
        try await withEmulator { server in
            try await Self.subscribe(server)
            let again = try await server.send(.PUT, "/v1/\(Self.topic)", json: "{}")
            #expect(again.status == 409)
            #expect(again.errorStatus == "ALREADY_EXISTS")
            #expect(try await server.send(.PUT, "/v1/projects/local/topics/1a", json: "{}").status == 400)
            #expect(try await server.send(.PUT, "/v1/projects/local/topics/googx", json: "{}").status == 400)
            let other = "/v1/projects/local/subscriptions/other"
            for (fields, status) in [
                ("\"filter\":\"attributes.a\"", 501), ("\"enableMessageOrdering\":true", 501),
                ("\"ackDeadlineSeconds\":9", 400), ("\"messageRetentionDuration\":\"1s\"", 400),
                ("\"surprise\":1", 400), ("\"pushConfig\":{\"pushEndpoint\":\"ftp://x\"}", 400),
            ] {
                let reply = try await server.send(.PUT, other, json: "{\"topic\":\"\(Self.topic)\",\(fields)}")
                #expect(reply.status == status, "\(fields)")
            }
            let lost = "{\"topic\":\"projects/local/topics/none\"}"
            #expect(try await server.send(.PUT, other, json: lost).status == 404)
            #expect(try await server.send(.POST, "\(other):pull", json: "{\"maxMessages\":1}").status == 404)
            #expect(try await server.send(.POST, "/v1/\(Self.subscription):pull", json: "{}").status == 400)
            let empty = "{\"messages\":[{}]}"
            #expect(try await server.send(.POST, "/v1/\(Self.topic):publish", json: empty).status == 400)
            #expect(try await Self.acknowledge(server, ["nonsense"]) == 400)
            #expect(try await server.send(.POST, "/v1/\(Self.subscription):detach", json: "{}").status == 200)
            let detached = try await server.send(.POST, "/v1/\(Self.subscription):pull", json: "{\"maxMessages\":1}")
            #expect(detached.errorStatus == "FAILED_PRECONDITION")
            #expect(try await server.send(.DELETE, "/v1/\(Self.subscription)").status == 200)
            #expect(try await server.get("/v1/\(Self.subscription)").status == 404)
        }
    }
}

/// A clock that moves when the test says so.
final class MovableClock: Sendable {
    private let now = Mutex(Date(timeIntervalSince1970: 1_767_225_600))

    var clock: WallClock { WallClock(now: { self.now.withLock { $0 } }) }

    func advance(_ seconds: Double) { self.now.withLock { $0 += seconds } }
}
