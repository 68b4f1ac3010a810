import AccessControl
import CollimatorCore
package import HTTPTypes
import Hummingbird

/// All routes of the gateway, and the router made from them.
package struct EndpointTable: Sendable {
    package let endpoints: [Endpoint]

    /// Every method that a path answers to; one that has no endpoint there is refused with 405 and `Allow`.
    package static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace]

    /// Templates of the routes that need no caller, as the router writes them.
    var openPaths: Set<String> {
        Set(self.endpoints.filter { $0.access == .open }.map { RouterPath($0.path).description })
    }

    /// Puts every path of the table on the router.
    ///
    /// Middleware must have been added before.
    func register(on router: Router<GatewayContext>, gate: AccessGate) {
        for (path, endpoints) in Dictionary(grouping: self.endpoints, by: \.path) {
            var offered: Set<HTTPRequest.Method> = []
            for endpoint in endpoints {
                offered.insert(endpoint.method)
                router.on(RouterPath(path), method: endpoint.method) { request, context in
                    try await endpoint.respond(request, context, gate)
                }
            }
            if let get = endpoints.first(where: \.offersHead), offered.insert(.head).inserted {
                router.on(RouterPath(path), method: .head) { request, context in
                    try await get.respond(request, context, gate).createHeadResponse()
                }
            }
            self.refuseOtherMethods(at: path, offered: offered, on: router)
        }
    }

    private func refuseOtherMethods(
        at path: String,
        offered: Set<HTTPRequest.Method>,
        on router: Router<GatewayContext>
    ) {
        let allow = offered.map(\.rawValue).sorted().joined(separator: ", ")
        for method in Self.methods where !offered.contains(method) {
            router.on(RouterPath(path), method: method) { _, context in
                let refusal = CollimatorError(.methodNotAllowed, "the path has no such method")
                var response = ErrorForm(route: path, path: path).response(refusal, requestID: context.requestID)
                response.headers[.allow] = allow
                return response
            }
        }
    }
}
