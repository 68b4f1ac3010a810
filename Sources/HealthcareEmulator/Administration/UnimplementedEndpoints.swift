internal import HTTPTypes

/// Methods of the Healthcare API that are known and not offered yet: 501 instead of a 404 that would look like a
/// mistake in the path.
struct UnimplementedEndpoints: EndpointGroup {
    var endpoints: [Endpoint] {
        [
            Self.endpoint(.post, PathTemplate.dataset + ":deidentify", .datasetsDeidentify),
            Self.endpoint(.post, PathTemplate.store + ":import", .storesImport),
            Self.endpoint(.post, PathTemplate.store + ":export", .storesExport),
            Self.endpoint(.post, PathTemplate.store + ":deidentify", .storesDeidentify),
        ]
    }

    private static func endpoint(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ permission: IAMPermission
    ) -> Endpoint {
        Endpoint(method, path, .caller(permission), query: .handled) { _ in
            throw GoogleError(.unimplemented, "The method is not implemented by this emulator.")
        }
    }
}
