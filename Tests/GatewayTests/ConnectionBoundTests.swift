import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Identity
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("The thread of a connection")
struct ConnectionBoundTests {
    @Test("answers brief endpoints; others, open ones and answers that may be long leave it to its connections")
    func places() async throws {
        let here = Whereabouts()
        let table = EndpointTable(endpoints: [
            Endpoint(.get, "/brief", .storesList, reach: .listed, isBrief: true) {
                (_: Request, _: CallerContext, _: ServiceTarget) async throws -> Response in here.answer()
            },
            Endpoint(.get, "/other", .storesList, reach: .listed) {
                (_: Request, _: CallerContext, _: ServiceTarget) async throws -> Response in here.answer()
            },
            Endpoint(.get, "/long", .storesList, reach: .listed, isBrief: true) {
                (_: Request, _: CallerContext, _: ServiceTarget) async throws -> Response in here.longAnswer()
            },
            Endpoint(open: .get, "/open") { _, _ in here.answer() },
        ])
        let router = Router(context: GatewayContext.self)
        let parts = try GatewayUnderTest(ScriptedUpstream()).parts
        let caller = try await parts.authenticator.authenticate(authorization: ["Bearer \(GatewayUnderTest.key)"])
        router.add(middleware: Arrival(here: here, caller: caller))
        table.register(on: router, gate: parts.gate)
        let application = Application(
            router: router,
            server: .http1(configuration: HTTP1Channel.Configuration(), tls: nil),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            logger: GatewayUnderTest.quiet
        )
        try await application.test(.live) { client in
            for (path, place) in [("brief", "connection"), ("other", "pool"), ("long", "pool"), ("open", "pool")] {
                let answer = try await client.execute(uri: "/\(path)", method: .get)
                #expect(answer.status == .ok && answer.text == place, "\(path)")
            }
        }
    }

    /// Notes which connection a request came in on, and says that the administrator calls.
    private struct Arrival: RouterMiddleware {
        let here: Whereabouts
        let caller: Caller

        func handle(
            _ request: Request,
            context: GatewayContext,
            next: (Request, GatewayContext) async throws -> Response
        ) async throws -> Response {
            self.here.came(on: context.channel.eventLoop)
            var context = context
            context.caller = self.caller
            return try await next(request, context)
        }
    }
}

/// Says which thread it is asked on.
private final class Whereabouts: Sendable {
    private let loop = Mutex<(any EventLoop)?>(nil)

    func came(on loop: any EventLoop) { self.loop.withLock { $0 = loop } }

    private var place: String { self.loop.withLock { $0?.inEventLoop == true } ? "connection" : "pool" }

    func answer() -> Response {
        Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: self.place)))
    }

    func longAnswer() -> Response {
        Response(
            status: .ok,
            body: ResponseBody(contentLength: nil) { writer in
                try await writer.write(ByteBuffer(string: self.place))
                try await writer.finish(nil)
            }
        )
    }
}
