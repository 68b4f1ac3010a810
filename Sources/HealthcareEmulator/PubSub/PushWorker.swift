internal import AsyncHTTPClient
internal import Cryptography
internal import EmulatorStorage
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// Delivers the messages of push subscriptions: each with a task of its own, so that a slow endpoint holds up no other.
///
/// An answer of 102, 200, 201, 202 or 204 acknowledges; anything else gives the message back, to come again after an
/// ever longer pause. Redirects are not followed.
struct PushWorker: Sendable {
    let archive: Archive
    let tokens: PushTokens
    let logger: Logger

    /// Messages of one subscription that are under way at the same time.
    static let messagesAtOnce = 20
    /// The least time between two looks for new push subscriptions.
    static let lookingEvery = Duration.milliseconds(100)
    /// The longest wait without a look.
    static let restMax = Duration.seconds(30)
    /// What acknowledges a message.
    static let acknowledging: Set<UInt> = [102, 200, 201, 202, 204]

    /// Delivers until the bell is closed.
    func run() async {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let running = RunningNames()
        await withDiscardingTaskGroup { group in
            while !self.archive.bell.isClosed, !Task.isCancelled {
                let rings = self.archive.bell.rings
                for name in await self.names() where running.begin(name) {
                    group.addTask {
                        await self.serve(name, client)
                        running.end(name)
                    }
                }
                await self.archive.bell.wait(after: rings, atMost: Self.restMax)
                // However often it rings, there is no look before this time is over.
                do { try await Task.sleep(for: Self.lookingEvery) } catch { break }
            }
        }
        do {
            try await client.shutdown()
        } catch {
            self.logger.warning("the connections of pushes are not closed", error: error)
        }
    }

    private func names() async -> [PubSubName] {
        do {
            return try await self.archive.pushSubscriptions().map(\.name)
        } catch {
            return []
        }
    }

    /// Delivers what one subscription holds, until it is no push subscription any more.
    private func serve(_ name: PubSubName, _ client: HTTPClient) async {
        let bell = self.archive.bell
        while !bell.isClosed, !Task.isCancelled {
            let rings = bell.rings
            do {
                guard let record = try await self.archive.subscription(name), !record.isDetached,
                    let push = PushTarget(record)
                else { return }
                let given = try await self.archive.pull(name, countMax: Self.messagesAtOnce)
                guard given.isEmpty else {
                    await self.deliver(given, to: push, of: name, client)
                    continue
                }
                let due = try await self.archive.untilNextDue(name) ?? Self.restMax
                await bell.wait(after: rings, atMost: min(Self.restMax, max(due, .milliseconds(1))))
            } catch ArchiveError.notFound {
                return
            } catch {
                self.logger.warning("messages cannot be pushed", error: error)
                await bell.wait(after: rings, atMost: .seconds(1))
            }
        }
    }

    private func deliver(_ given: [GivenMessage], to push: PushTarget, of name: PubSubName, _ client: HTTPClient) async
    {
        await withDiscardingTaskGroup { group in
            for message in given {
                group.addTask {
                    let isTaken = await self.isTaken(message, push, name, client)
                    do {
                        if isTaken {
                            try await self.archive.acknowledge([message.ackID], of: name)
                        } else {
                            try await self.archive.extend([message.ackID], of: name, seconds: 0)
                        }
                    } catch {
                        // Its deadline ends by itself, and it comes again.
                        self.logger.debug("a pushed message is not settled", error: error)
                    }
                }
            }
        }
    }

    private func isTaken(
        _ message: GivenMessage,
        _ push: PushTarget,
        _ name: PubSubName,
        _ client: HTTPClient
    ) async -> Bool {
        var request = HTTPClientRequest(url: push.endpoint)
        request.method = .POST
        do {
            if let account = push.serviceAccount {
                let token = try self.tokens.token(for: account, audience: push.audience)
                request.headers.add(name: "Authorization", value: "Bearer \(token)")
            }
            if push.isWrapped {
                request.headers.add(name: "Content-Type", value: "application/json")
                request.body = .bytes(ByteBuffer(bytes: Self.wrapped(message, name)))
            } else {
                if push.writesMetadata { Self.addMetadata(of: message, name, to: &request) }
                request.body = .bytes(ByteBuffer(bytes: message.message.data))
            }
            let seconds = Int64(push.deadlineSeconds)
            let response = try await client.execute(request, timeout: .seconds(seconds))
            return Self.acknowledging.contains(response.status.code)
        } catch {
            return false
        }
    }

    /// The message in the JSON of a push, with its ids in both spellings.
    static func wrapped(_ given: GivenMessage, _ name: PubSubName) -> [UInt8] {
        var message = PullEndpoints.message(given)
        for (old, new) in [("messageId", "message_id"), ("publishTime", "publish_time")] {
            if let value = JSONNode.object(message)[old] { message.append(JSONMember(name: new, value: value)) }
        }
        var members = [
            JSONMember(name: "message", value: .object(message)),
            JSONMember(name: "subscription", value: .string(name.subscription)),
        ]
        if let attempt = given.deliveryAttempt {
            members.append(JSONMember(name: "deliveryAttempt", value: .integer(Int64(attempt))))
        }
        return JSONNode.object(members).text()
    }

    private static func addMetadata(of given: GivenMessage, _ name: PubSubName, to request: inout HTTPClientRequest) {
        request.headers.add(name: "x-goog-pubsub-subscription-name", value: name.subscription)
        request.headers.add(name: "x-goog-pubsub-message-id", value: String(given.ackID.message))
        request.headers.add(name: "x-goog-pubsub-publish-time", value: Timestamp.text(given.publishedAt))
        guard case .object(let attributes)? = StrictJSON(parsing: given.message.attributes) else { return }
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            guard let text = value.text, Self.fitsHeader(name, text), request.headers[name].isEmpty else { continue }
            request.headers.add(name: name, value: text)
        }
    }

    /// Whether an attribute can stand in a header of its name: nothing that would be read as a part of the exchange.
    private static func fitsHeader(_ name: String, _ value: String) -> Bool {
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
        return isName && !Self.exchangeHeaders.contains(name.lowercased())
            && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    private static let exchangeHeaders: Set<String> = [
        "authorization", "connection", "content-length", "content-type", "expect", "host", "transfer-encoding",
        "upgrade",
    ]
}

/// Where a subscription pushes to, and how.
private struct PushTarget {
    let endpoint: String
    let serviceAccount: String?
    let audience: String
    let isWrapped: Bool
    let writesMetadata: Bool
    let deadlineSeconds: Int

    /// Nil where the subscription does not push.
    init?(_ record: SubscriptionRecord) {
        let body = StrictJSON(parsing: record.body)
        guard let push = body?["pushConfig"], let endpoint = push["pushEndpoint"]?.text else { return nil }
        self.endpoint = endpoint
        self.serviceAccount = push["oidcToken"]?["serviceAccountEmail"]?.text
        self.audience = push["oidcToken"]?["audience"]?.text ?? endpoint
        self.isWrapped = push["noWrapper"] == nil
        self.writesMetadata = push["noWrapper"]?["writeMetadata"]?.boolean ?? false
        self.deadlineSeconds = Int(body?["ackDeadlineSeconds"]?.number ?? 10)
    }
}

/// The subscriptions that are being served.
private final class RunningNames: Sendable {
    private let names = Mutex<Set<PubSubName>>([])

    /// False where it is served already.
    func begin(_ name: PubSubName) -> Bool { self.names.withLock { $0.insert(name).inserted } }

    func end(_ name: PubSubName) { self.names.withLock { _ = $0.remove(name) } }
}
