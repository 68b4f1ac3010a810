internal import Cryptography
internal import EmulatorStorage
internal import HTTPTypes

/// Subscriptions of Pub/Sub.
struct SubscriptionEndpoints: EndpointGroup {
    let archive: Archive

    var endpoints: [Endpoint] {
        [
            Endpoint(.put, PathTemplate.subscription, .caller(.subscriptionsCreate), handler: self.create),
            Endpoint(.get, PathTemplate.subscription, .caller(.subscriptionsGet), handler: self.find),
            Endpoint(
                .get,
                PathTemplate.subscriptions,
                .caller(.subscriptionsList),
                query: .only(Paging.parameters),
                handler: self.list
            ),
            Endpoint(.patch, PathTemplate.subscription, .caller(.subscriptionsUpdate), handler: self.patch),
            Endpoint(.delete, PathTemplate.subscription, .caller(.subscriptionsDelete), handler: self.remove),
            Endpoint(
                .post,
                PathTemplate.subscription + ":modifyPushConfig",
                .caller(.subscriptionsUpdate),
                handler: self.modifyPushConfig
            ),
            Endpoint(
                .post,
                PathTemplate.subscription + ":detach",
                .caller(.topicsDetachSubscription),
                handler: self.detach
            ),
        ]
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let name = try call.subscription()
        let members = try SubscriptionSchema.subscription.read(try await call.jsonObject())
        guard case .string(let text)? = JSONNode.object(members)["topic"], let topic = PubSubName(topic: text) else {
            throw GoogleError.invalidField("topic")
        }
        let fields = members.filter { $0.name != "topic" }
        try await GoogleError.naming(.noTopic) {
            try await self.archive.createSubscription(
                name,
                of: topic,
                SubscriptionSettings(fields),
                body: JSONNode.object(fields).text()
            )
        }
        return try call.answer(
            Self.document(SubscriptionRecord(name: name, topic: topic, isDetached: false, body: []), fields)
        )
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        let record = try await self.existing(call)
        return try call.answer(Self.document(record, Self.fields(record)))
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let paging = try Paging(call.query)
        let page = try await self.archive.subscriptions(
            in: try call.project(),
            pageSize: paging.pageSize,
            after: paging.after
        )
        let items = page.items.map { Self.document($0, Self.fields($0)) }
        let list = items.isEmpty ? [] : [JSONMember(name: "subscriptions", value: .array(items))]
        return try call.answer(.object(list + Paging.nextPageToken(page.next)))
    }

    @Sendable private func patch(_ call: Call) async throws -> Answer {
        let record = try await self.existing(call)
        let body = try await call.members(["subscription", "updateMask"], of: "update_subscription_request")
        guard case .object(let changes)? = body["subscription"] else { throw GoogleError.invalidField("subscription") }
        let members = try SubscriptionSchema.subscription.patch(
            Self.fields(record),
            with: changes,
            mask: body["updateMask"]?.text
        )
        return try await self.update(record, members.filter { $0.name != "topic" }, call)
    }

    @Sendable private func modifyPushConfig(_ call: Call) async throws -> Answer {
        let record = try await self.existing(call)
        let body = try await call.members(["pushConfig"], of: "modify_push_config_request")
        guard case .object(let push)? = body["pushConfig"] else { throw GoogleError.invalidField("pushConfig") }
        let others = Self.fields(record).filter { $0.name != "pushConfig" }
        let members = [JSONMember(name: "pushConfig", value: .object(try SubscriptionSchema.push.read(push)))]
        _ = try await self.update(record, members + others, call)
        return try call.answer([:])
    }

    private func update(_ record: SubscriptionRecord, _ members: [JSONMember], _ call: Call) async throws -> Answer {
        try await self.archive.updateSubscription(
            record.name,
            SubscriptionSettings(members),
            body: JSONNode.object(members).text(),
            replacing: record.body
        )
        return try call.answer(Self.document(record, members))
    }

    @Sendable private func remove(_ call: Call) async throws -> Answer {
        let name = try call.subscription()
        try await GoogleError.naming(.noSubscription) { try await self.archive.deleteSubscription(name) }
        return try call.answer([:])
    }

    @Sendable private func detach(_ call: Call) async throws -> Answer {
        let name = try call.subscription()
        _ = try await call.jsonObject()
        try await GoogleError.naming(.noSubscription) { try await self.archive.detachSubscription(name) }
        return try call.answer([:])
    }

    private func existing(_ call: Call) async throws -> SubscriptionRecord {
        guard let record = try await self.archive.subscription(try call.subscription()) else {
            throw GoogleError.noSubscription
        }
        return record
    }

    private static func fields(_ record: SubscriptionRecord) -> [JSONMember] {
        StrictJSON(parsing: record.body).map { JSONNode($0).members } ?? []
    }

    private static func document(_ record: SubscriptionRecord, _ fields: [JSONMember]) -> JSONNode {
        var members = [
            JSONMember(name: "name", value: .string(record.name.subscription)),
            JSONMember(name: "topic", value: .string(record.topic?.topic ?? "_deleted-topic_")),
        ]
        let defaults: [(String, JSONNode)] = [
            ("pushConfig", [:]), ("ackDeadlineSeconds", 10), ("messageRetentionDuration", "604800s"),
            ("expirationPolicy", ["ttl": "2678400s"]),
        ]
        for (name, value) in defaults where !fields.contains(where: { $0.name == name }) {
            members.append(JSONMember(name: name, value: value))
        }
        members += fields
        if record.isDetached { members.append(JSONMember(name: "detached", value: true)) }
        members.append(JSONMember(name: "state", value: "ACTIVE"))
        return .object(members)
    }
}
