internal import Cryptography
internal import EmulatorStorage
internal import FoundationEssentials
internal import HTTPTypes

/// Taking messages from a subscription and acknowledging them.
struct PullEndpoints: EndpointGroup {
    let archive: Archive
    let limits: EmulatorLimits

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post,
                PathTemplate.subscription + ":pull",
                .caller(.subscriptionsConsume),
                handler: self.pull
            ),
            Endpoint(
                .post,
                PathTemplate.subscription + ":acknowledge",
                .caller(.subscriptionsConsume),
                handler: self.acknowledge
            ),
            Endpoint(
                .post,
                PathTemplate.subscription + ":modifyAckDeadline",
                .caller(.subscriptionsConsume),
                handler: self.modifyAckDeadline
            ),
        ]
    }

    @Sendable private func pull(_ call: Call) async throws -> Answer {
        let name = try call.subscription()
        let body = try await call.members(["maxMessages", "returnImmediately"], of: "pull_request")
        guard let count = body["maxMessages"]?.number, count > 0 else { throw GoogleError.invalidField("maxMessages") }
        guard let record = try await self.archive.subscription(name) else { throw GoogleError.noSubscription }
        guard !record.isDetached else { throw GoogleError.detached }
        let isPatient = !(body["returnImmediately"]?.boolean ?? false)
        let given = try await self.messages(
            name,
            countMax: Int(min(count, Int64(self.limits.pulledMessagesMax))),
            patience: isPatient ? .seconds(self.limits.longPollSeconds) : .zero
        )
        guard !given.isEmpty else { return try call.answer([:]) }
        return try call.answer(["receivedMessages": .array(given.map(Self.document))])
    }

    /// Waits for the first messages, no longer than the patience lasts.
    private func messages(_ name: PubSubName, countMax: Int, patience: Duration) async throws -> [GivenMessage] {
        let bell = self.archive.bell
        let end = ContinuousClock.now + patience
        while true {
            let rings = bell.rings
            let given = try await GoogleError.naming(.noSubscription) {
                try await self.archive.pull(name, countMax: countMax)
            }
            let left = end - ContinuousClock.now
            guard given.isEmpty, left > .zero, !bell.isClosed else { return given }
            let due = try await self.archive.untilNextDue(name) ?? left
            await bell.wait(after: rings, atMost: min(left, max(due, .milliseconds(1))))
            try Task.checkCancellation()
        }
    }

    @Sendable private func acknowledge(_ call: Call) async throws -> Answer {
        let name = try call.subscription()
        let ids = try Self.ids(try await call.members(["ackIds"], of: "acknowledge_request"))
        try await GoogleError.naming(.noSubscription) { try await self.archive.acknowledge(ids, of: name) }
        return try call.answer([:])
    }

    @Sendable private func modifyAckDeadline(_ call: Call) async throws -> Answer {
        let name = try call.subscription()
        let body = try await call.members(["ackIds", "ackDeadlineSeconds"], of: "modify_ack_deadline_request")
        let ids = try Self.ids(body)
        let seconds = body["ackDeadlineSeconds"]?.number ?? 0
        guard (0...600).contains(seconds) else { throw GoogleError.invalidField("ackDeadlineSeconds") }
        try await GoogleError.naming(.noSubscription) {
            try await self.archive.extend(ids, of: name, seconds: Int(seconds))
        }
        return try call.answer([:])
    }

    private static func ids(_ body: [String: StrictJSON]) throws(GoogleError) -> [AckID] {
        guard let elements = body["ackIds"]?.elements, !elements.isEmpty else {
            throw GoogleError(.invalidArgument, "No ack ids were given.")
        }
        var ids: [AckID] = []
        for element in elements {
            guard let id = element.text.flatMap({ AckID($0) }) else { throw .invalidField("ackIds") }
            ids.append(id)
        }
        return ids
    }

    private static func document(_ given: GivenMessage) -> JSONNode {
        var members = [
            JSONMember(name: "ackId", value: .string(given.ackID.text)),
            JSONMember(name: "message", value: .object(Self.message(given))),
        ]
        if let attempt = given.deliveryAttempt {
            members.append(JSONMember(name: "deliveryAttempt", value: .integer(Int64(attempt))))
        }
        return .object(members)
    }

    /// The message as both a pull and a push show it.
    static func message(_ given: GivenMessage) -> [JSONMember] {
        var members: [JSONMember] = []
        if !given.message.data.isEmpty {
            let text = Data(given.message.data).base64EncodedString()
            members.append(JSONMember(name: "data", value: .string(text)))
        }
        if let attributes = StrictJSON(parsing: given.message.attributes), attributes != .object([:]) {
            members.append(JSONMember(name: "attributes", value: JSONNode(attributes)))
        }
        return members + [
            JSONMember(name: "messageId", value: .string(String(given.ackID.message))),
            JSONMember(name: "publishTime", value: .string(Timestamp.text(given.publishedAt))),
        ]
    }
}

extension PublishBell {
    /// The same, but no longer than the limit.
    func wait(after rings: Int, atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(after: rings) }
            group.addTask {
                // A sleep that is cut short ends the wait as well.
                do { try await Task.sleep(for: limit) } catch {}
            }
            await group.next()
            group.cancelAll()
        }
    }
}

extension GoogleError {
    static let detached = GoogleError(.failedPrecondition, "The subscription is detached from its topic.")
}
