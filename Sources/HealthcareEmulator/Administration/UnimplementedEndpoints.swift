internal import HTTPTypes

/// Methods of the Healthcare API that are known and not offered yet: 501 instead of a 404 that would look like a
/// mistake in the path.
struct UnimplementedEndpoints: EndpointGroup {
    var endpoints: [Endpoint] {
        [
            Self.endpoint(.post, PathTemplate.dataset + ":deidentify", .datasetsDeidentify),
            Self.endpoint(.get, PathTemplate.dataset + ":getIamPolicy", .datasetsGetIAMPolicy),
            Self.endpoint(.post, PathTemplate.dataset + ":setIamPolicy", .datasetsSetIAMPolicy),
            Self.endpoint(.post, PathTemplate.dataset + ":testIamPermissions", .datasetsGet),
            Self.endpoint(.post, PathTemplate.store + ":import", .storesImport),
            Self.endpoint(.post, PathTemplate.store + ":export", .storesExport),
            Self.endpoint(.post, PathTemplate.store + ":deidentify", .storesDeidentify),
            Self.endpoint(.get, PathTemplate.store + ":getIamPolicy", .storesGetIAMPolicy),
            Self.endpoint(.post, PathTemplate.store + ":setIamPolicy", .storesSetIAMPolicy),
            Self.endpoint(.post, PathTemplate.store + ":testIamPermissions", .storesGet),
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
