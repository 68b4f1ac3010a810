internal import Cryptography
internal import EmulatorStorage

extension PathTemplate {
    static let topics = "/v1/projects/{project}/topics"
    static let topic = topics + "/{topic}"
    static let subscriptions = "/v1/projects/{project}/subscriptions"
    static let subscription = subscriptions + "/{subscription}"
}

extension Call {
    func topic() throws -> PubSubName {
        guard let name = PubSubName(project: try self.project(), id: try self.parameter("topic")) else {
            throw GoogleError(.invalidArgument, "The topic identifier is not valid.")
        }
        return name
    }

    func subscription() throws -> PubSubName {
        guard let name = PubSubName(project: try self.project(), id: try self.parameter("subscription")) else {
            throw GoogleError(.invalidArgument, "The subscription identifier is not valid.")
        }
        return name
    }

    /// The body, with no members but those.
    func members(_ names: Set<String>, of resource: StaticString) async throws -> [String: StrictJSON] {
        let body = try await self.jsonObject()
        for name in body.keys.sorted() where !names.contains(name) {
            throw GoogleError.unknownField(name, in: resource)
        }
        return body
    }
}
