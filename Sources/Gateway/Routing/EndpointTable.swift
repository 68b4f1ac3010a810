import AccessControl
import CollimatorCore
package import HTTPTypes
import Hummingbird

/// All routes of the gateway, and the router made from them.
package struct EndpointTable: Sendable {
    package let endpoints: [Endpoint]

    /// Every method that a path answers to; one that has no endpoint there is refused with 405 and `Allow`.
    package static let methods: [HTTPRequest.Method] =
        [.get, .head, .post, .put, .patch, .delete, .options, .trace] + ["QUERY"].compactMap { .init($0) }

    /// Templates of the routes that need no caller, as the router writes them.
    var openPaths: Set<String> {
        Set(self.endpoints.filter { $0.access == .open }.map { RouterPath($0.path).description })
    }

    /// The methods of each route template, as the router writes it, in the form of `Allow`.
    var methodsByPath: [String: String] {
        Dictionary(grouping: self.endpoints, by: { RouterPath($0.path).description }).mapValues { endpoints in
            Self.allow(Set(endpoints.map(\.method) + (endpoints.contains(where: \.offersHead) ? [.head] : [])))
        }
    }

    /// Every path answers OPTIONS.
    private static func allow(_ offered: Set<HTTPRequest.Method>) -> String {
        offered.union([.options]).map(\.rawValue).sorted().joined(separator: ", ")
    }

    /// Puts every path of the table on the router.
    ///
    /// Middleware must have been added before.
    func register(on router: Router<GatewayContext>, gate: AccessGate) {
        for (template, endpoints) in Dictionary(grouping: self.endpoints, by: \.path) {
            // Taken apart once for all of its methods, which is most of the work of making a router.
            let path = RouterPath(template)
            var offered: Set<HTTPRequest.Method> = []
            for endpoint in endpoints {
                offered.insert(endpoint.method)
                router.on(path, method: endpoint.method) { request, context in
                    try await endpoint.respond(request, context, gate)
                }
            }
            if let get = endpoints.first(where: \.offersHead), offered.insert(.head).inserted {
                router.on(path, method: .head) { request, context in
                    try await Self.head(get.respond(request, context, gate))
                }
            }
            self.refuseOtherMethods(at: path, of: template, offered: offered, on: router)
        }
    }

    private func refuseOtherMethods(
        at path: RouterPath,
        of template: String,
        offered: Set<HTTPRequest.Method>,
        on router: Router<GatewayContext>
    ) {
        let allow = Self.allow(offered)
        if !offered.contains(.options) {
            router.on(path, method: .options) { _, _ in
                Response(status: .noContent, headers: [.allow: allow])
            }
        }
        for method in Self.methods where method != .options && !offered.contains(method) {
            router.on(path, method: method) { _, context in
                let refusal = CollimatorError(.methodNotAllowed, "the path has no such method")
                let form = ErrorForm(route: template, path: template)
                var response = form.response(refusal, requestID: context.requestID)
                response.headers[.allow] = allow
                return response
            }
        }
    }

    /// The head of an answer; a body of unknown length stays so, and one that is streamed is let go of unread.
    private static func head(_ response: Response) -> Response {
        guard response.body.contentLength == nil else { return response.createHeadResponse() }
        return Response(
            status: response.status,
            headers: response.headers,
            body: ResponseBody(contentLength: nil) { writer in try await writer.finish(nil) }
        )
    }
}
