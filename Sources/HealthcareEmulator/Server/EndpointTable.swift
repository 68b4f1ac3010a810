internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// All endpoints of the emulator, and the router that is made from them.
struct EndpointTable: Sendable {
    let endpoints: [Endpoint]

    init(_ groups: [any EndpointGroup]) {
        self.endpoints = groups.flatMap(\.endpoints)
    }

    /// The methods that HTTP and the parser know; each path answers 405 to those that it does not offer.
    static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]

    /// The endpoints by path template, in the order of the table.
    var byPath: [(path: String, endpoints: [Endpoint])] {
        var order: [String] = []
        var groups: [String: [Endpoint]] = [:]
        for endpoint in self.endpoints {
            if groups[endpoint.path] == nil { order.append(endpoint.path) }
            groups[endpoint.path, default: []].append(endpoint)
        }
        return order.map { ($0, groups[$0] ?? []) }
    }

    /// A router with the boundary around every route, known or not.
    func router(boundary: RequestBoundary) -> Router<EmulatorContext> {
        let router = Router(context: EmulatorContext.self)
        router.add(middleware: boundary)
        for (template, endpoints) in self.byPath {
            // Taken apart once for all of its methods.
            let path = RouterPath(template)
            let offered = Set(endpoints.map(\.method))
            for endpoint in endpoints {
                router.on(path, method: endpoint.method) { request, context in
                    await boundary.serve(endpoint, request, context)
                }
            }
            let allowed = endpoints.map(\.method.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !offered.contains(method) {
                router.on(path, method: method) { _, _ -> Response in
                    throw GoogleError(
                        .methodNotAllowed,
                        "The method is not offered for this resource.",
                        headers: [.allow: allowed]
                    )
                }
            }
        }
        return router
    }
}
