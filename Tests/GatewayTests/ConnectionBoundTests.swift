import Catalog
import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Identity
import NIOCore
import NIOPosix
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
            Endpoint(open: .get, "/file") { _, _ in here.streamedAnswer() },
            Endpoint(.get, "/short", .storesList, reach: .listed, isBrief: true) {
                (_: Request, _: CallerContext, _: ServiceTarget) async throws -> Response in here.streamedAnswer()
            },
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
            let places = [
                ("brief", "connection"), ("other", "pool"), ("long", "pool"), ("open", "pool"), ("file", "pool"),
                ("short", "pool"),
            ]
            for (path, place) in places {
                let answer = try await client.execute(uri: "/\(path)", method: .get)
                #expect(answer.status == .ok && answer.text == place, "\(path)")
            }
        }
    }

    @Test(
        "reads nothing of the answer of a store, however short it is",
        arguments: ["\(Sample.instancePath)/file", Sample.dicomweb, "\(Sample.dicomweb)/metadata"]
    )
    func shortStreams(path: String) async throws {
        let here = Whereabouts()
        let upstream = ScriptedUpstream(exchange: { _ in
            let isLeft = Mutex(true)
            let stream = AsyncThrowingStream<ByteBuffer, any Error> {
                here.noteReading()
                return isLeft.withLock { isLeft in
                    defer { isLeft = false }
                    return isLeft ? ByteBuffer(string: "[{}]") : nil
                }
            }
            let type = path.hasSuffix("/metadata") ? "application/dicom+json" : "application/dicom"
            return UpstreamResponse(status: 200, headers: [.contentType: type, .contentLength: "4"], body: stream)
        })
        let gateway = try await GatewayUnderTest(upstream).knowing([StudyEntry(Sample.study())])
        try await gateway.application.test(.live) { client in
            let answer = try await client.execute(uri: path, method: .get, headers: GatewayUnderTest.bearer)
            #expect(answer.status == .ok)
        }
        #expect(!here.readings.isEmpty && !here.readings.contains("connection"))
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
    private let noted = Mutex<[String]>([])

    /// Where the pieces of an answer were read.
    var readings: [String] { self.noted.withLock { $0 } }

    func noteReading() {
        let isOnLoop = MultiThreadedEventLoopGroup.currentEventLoop != nil
        self.noted.withLock { $0.append(isOnLoop ? "connection" : "pool") }
    }

    func came(on loop: any EventLoop) { self.loop.withLock { $0 = loop } }

    private var place: String { self.loop.withLock { $0?.inEventLoop == true } ? "connection" : "pool" }

    func answer() -> Response {
        Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: self.place)))
    }

    /// What is read while it is written, and too short to be watched.
    func streamedAnswer() -> Response {
        Response(
            status: .ok,
            body: streamedBody(of: 4) { writer in try await writer.write(ByteBuffer(string: self.place)) }
        )
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
