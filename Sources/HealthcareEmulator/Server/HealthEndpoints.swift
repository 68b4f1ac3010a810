internal import HTTPTypes

/// The path `/healthz`, which tells whether the process answers.
///
/// It needs no token and tells nothing else.
struct HealthEndpoints: EndpointGroup {
    static let path = "/healthz"

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, Self.path, .everyone) { _ in
                .jsonBytes(JSONNode.object([JSONMember(name: "status", value: "ok")]).text())
            }
        ]
    }
}
