internal import Cryptography
internal import EmulatorStorage
internal import FoundationEssentials
internal import HTTPTypes

/// Topics of Pub/Sub, and publishing to them.
struct TopicEndpoints: EndpointGroup {
    let archive: Archive

    /// Messages of one publication, as upstream.
    static let messagesMax = 1000
    /// Attributes of one message, as upstream.
    static let attributesMax = 100

    var endpoints: [Endpoint] {
        [
            Endpoint(.put, PathTemplate.topic, .caller(.topicsCreate), handler: self.create),
            Endpoint(.get, PathTemplate.topic, .caller(.topicsGet), handler: self.find),
            Endpoint(
                .get,
                PathTemplate.topics,
                .caller(.topicsList),
                query: .only(Paging.parameters),
                handler: self.list
            ),
            Endpoint(.delete, PathTemplate.topic, .caller(.topicsDelete), handler: self.remove),
            Endpoint(.post, PathTemplate.topic + ":publish", .caller(.topicsPublish), handler: self.publish),
        ]
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let name = try call.topic()
        let members = try SubscriptionSchema.topic.read(try await call.jsonObject())
        try await self.archive.createTopic(name, body: JSONNode.object(members).text())
        return try call.answer(Self.document(name, members))
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        guard let record = try await self.archive.topic(try call.topic()) else { throw GoogleError.noTopic }
        return try call.answer(Self.document(record))
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let paging = try Paging(call.query)
        let page = try await self.archive.topics(
            in: try call.project(),
            pageSize: paging.pageSize,
            after: paging.after
        )
        let items = page.items.map(Self.document)
        let list = items.isEmpty ? [] : [JSONMember(name: "topics", value: .array(items))]
        return try call.answer(.object(list + Paging.nextPageToken(page.next)))
    }

    @Sendable private func remove(_ call: Call) async throws -> Answer {
        let name = try call.topic()
        try await GoogleError.naming(.noTopic) { try await self.archive.deleteTopic(name) }
        return try call.answer([:])
    }

    @Sendable private func publish(_ call: Call) async throws -> Answer {
        let name = try call.topic()
        let body = try await call.members(["messages"], of: "publish_request")
        guard let elements = body["messages"]?.elements, (1...Self.messagesMax).contains(elements.count) else {
            throw GoogleError(.invalidArgument, "The request must have 1 to 1000 messages.")
        }
        var messages: [OutgoingMessage] = []
        for element in elements { messages.append(try Self.message(element)) }
        let outgoing = messages
        let ids = try await GoogleError.naming(.noTopic) { try await self.archive.publish(outgoing, to: name) }
        return try call.answer(["messageIds": .array(ids.map { .string(String($0)) })])
    }

    private static func message(_ element: StrictJSON) throws(GoogleError) -> OutgoingMessage {
        guard case .object(let members) = element else { throw .invalidField("messages") }
        let known: Set<String> = ["data", "attributes", "messageId", "publishTime", "orderingKey"]
        for name in members.keys.sorted() where !known.contains(name) { throw .unknownField(name, in: "message") }
        guard members["orderingKey"].map({ $0 == .string("") }) ?? true else { throw .invalidField("orderingKey") }
        let text = members["data"]?.text ?? ""
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        guard members["data"] == nil || members["data"]?.text != nil, let data = Data(base64Encoded: standard) else {
            throw .invalidField("data")
        }
        var attributes: [String: StrictJSON] = [:]
        if let given = members["attributes"] {
            guard case .object(let members) = given, members.count <= Self.attributesMax,
                members.allSatisfy({ !$0.key.isEmpty && $0.key.utf8.count <= 256 && Self.isAttributeValue($0.value) })
            else { throw .invalidField("attributes") }
            attributes = members
        }
        guard !data.isEmpty || !attributes.isEmpty else {
            throw GoogleError(.invalidArgument, "A message must have data or attributes.")
        }
        return OutgoingMessage(data: Array(data), attributes: JSONNode(.object(attributes)).text())
    }

    private static func isAttributeValue(_ value: StrictJSON) -> Bool {
        value.text.map { $0.utf8.count <= 1024 } ?? false
    }

    private static func document(_ record: TopicRecord) -> JSONNode {
        self.document(record.name, StrictJSON(parsing: record.body).map { JSONNode($0).members } ?? [])
    }

    private static func document(_ name: PubSubName, _ members: [JSONMember]) -> JSONNode {
        .object([JSONMember(name: "name", value: .string(name.topic))] + members)
    }
}

extension GoogleError {
    static let noTopic = GoogleError(.notFound, "Resource not found (resource=topic).")
    static let noSubscription = GoogleError(.notFound, "Resource not found (resource=subscription).")

    /// Runs the body; what is not found is answered with that error.
    static func naming<Answer: Sendable>(
        _ error: GoogleError,
        _ body: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await body()
        } catch ArchiveError.notFound {
            throw error
        }
    }
}
