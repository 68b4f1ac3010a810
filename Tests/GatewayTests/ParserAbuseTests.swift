import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import NIOCore
import TestSupport
import Testing

@testable import Catalog
@testable import Gateway

@Suite("Abuse of HTTP itself", .timeLimit(.minutes(2)))
struct ParserAbuseTests {
    private static let key = "Authorization: Bearer \(GatewayUnderTest.key)\r\n"
    /// What a proxy that reads the request before it otherwise would hand on as the request of somebody else.
    private static let smuggled = "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)\r\n"
    private static let search =
        "POST /api/v1/studies/search HTTP/1.1\r\nHost: x\r\n\(key)Content-Type: application/json"

    @Test(
        "case 28: what two readers could take for two requests is 400, and nothing after it is served",
        arguments: [
            // Where the body ends.
            "\(search)\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
            "\(search)\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "\(search)\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n",
            "POST /api/v1/studies/search HTTP/1.0\r\n\(key)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)Transfer-Encoding: xchunked\r\n\r\n",
            "\(search)\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
            "\(search)\r\nContent-Length: 2, 2\r\n\r\n{}", "\(search)\r\nContent-Length: +2\r\n\r\n{}",
            "\(search)\r\nContent-Length: 0x2\r\n\r\n{}", "\(search)\r\nContent-Length: 2 \u{B}\r\n\r\n{}",
            // Where a line ends.
            "GET /api/v1/stores HTTP/1.1\nHost: x\n\(key)\n",
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\(key)\r\n",
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\nX: a\rY: b\r\n\(key)\r\n",
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\(key)\r\n",
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n \(GatewayUnderTest.key)\r\n\r\n",
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)X : y\r\n\r\n",
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)X: a\u{0}b\r\n\r\n",
            // Whom it is for.
            "GET /api/v1/stores HTTP/1.1\r\nHost: x\r\nHost: x\r\n\(key)\r\n",
            "GET http://elsewhere.test/api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)\r\n",
            "GET http://x:81/api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)\r\n",
            "GET http://x@elsewhere.test/api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)\r\n",
            "GET http://elsewhere.test?/api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)\r\n",
            "GET http:///api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)\r\n",
            "GET ftp://x/api/v1/stores HTTP/1.1\r\nHost: x\r\n\(key)\r\n",
        ]
    )
    func smuggling(request: String) async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        try await GatewayUnderTest(upstream).application.test(.live) { client in
            let port = try #require(client.port)
            // It is the server that closes: this returns when it has.
            let answer = try await RawExchange.exchange(port: port, request + Self.smuggled)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.0 400 "), "\(answer.prefix(200))")
            #expect(answer.components(separatedBy: "HTTP/1.").count == 2, "\(answer)")
            #expect(answer.lowercased().contains("connection: close\r\n"))
            #expect(answer.contains(#""code":"invalid-input""#))
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
        }
        #expect(upstream.log.calls.isEmpty && upstream.log.requests.isEmpty)
    }

    @Test("case 28: chunks of one's own host are read as such, in any letters, and the next request is served")
    func honest() async throws {
        let gateway = try await QIDOTests.gateway()
        try await gateway.application.test(.live) { client in
            let port = try #require(client.port)
            for coding in ["chunked", "Chunked"] {
                let request = "\(Self.search)\r\nTransfer-Encoding: \(coding)\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
                let next = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                let answer = try await RawExchange.exchange(port: port, request + next)
                let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
                #expect(statuses == ["200", "200"], "\(answer)")
            }
        }
    }

    private typealias Route = (method: HTTPRequest.Method, path: String)

    /// Every route, the open ones too, with good identifiers, but for the one whose answer has no end.
    private static func routes(_ gateway: GatewayUnderTest) -> [Route] {
        gateway.parts.endpointTable(logger: GatewayUnderTest.quiet).endpoints
            .filter { $0.path != "/api/v1/events/stream" }
            .map { ($0.method, AccessWalkTests.path($0.path, study: "1.2.1", series: "1.2.1.1")) }
    }

    /// The answer to the administrator; nil for one that was cut after it had begun.
    private static func answer(
        _ client: some TestClientProtocol,
        _ route: Route,
        query: String = "",
        _ field: HTTPField? = nil,
        body: [UInt8]? = nil
    ) async -> TestResponse? {
        var headers = GatewayUnderTest.bearer
        if let field { headers.append(field) }
        return try? await client.execute(
            uri: route.path + query,
            method: route.method,
            headers: headers,
            body: body.map { ByteBuffer(bytes: $0) }
        )
    }

    private static func expectNoInjection(_ answer: TestResponse, _ route: Route) {
        #expect(answer.headers[.known("X-Injected")] == nil, "\(route)")
        #expect(answer.headers.allSatisfy { !Self.hasLineBreak($0.value) }, "\(route)")
    }

    private static func hasLineBreak(_ text: String) -> Bool { text.utf8.contains { $0 == 0x0D || $0 == 0x0A } }

    @Test(
        "case 29: a line break in a value begins no header, in the answer or on the way to the store",
        arguments: [
            "?%0d%0aX-Injected:%201=1", "?x=%0d%0aX-Injected:%201%0d%0a%0d%0a", "?PatientName=a%0d%0aX-Injected:%201",
            "?returnTo=/app/%0d%0aX-Injected:%201&issuer=hospital", "?studyUID=1.2.1%0aX-Injected:%201",
            "?accept=application/dicom%0d%0aX-Injected:%201", "?viewport=%0d%0aX-Injected:%201",
        ]
    )
    func lineBreaks(query: String) async throws {
        let upstream = ScriptedUpstream(
            search: { _ in [] },
            exchange: { _ in .chunks(["[]"], headers: [.contentType: "application/dicom+json"]) }
        )
        let gateway = try await QIDOTests.gateway(upstream)
        try await gateway.application.test(.router) { client in
            for route in Self.routes(gateway) {
                if let answer = await Self.answer(client, route, query: query) { Self.expectNoInjection(answer, route) }
            }
        }
        for request in upstream.log.requests {
            #expect(!Self.hasLineBreak(request.path) && !Self.hasLineBreak(request.query ?? ""))
            #expect(request.headers[.known("X-Injected")] == nil)
            #expect(request.headers.allSatisfy { !Self.hasLineBreak($0.value) })
        }
    }

    @Test("case 29: what a file says of itself begins no header")
    func lineBreaksOfFiles() async throws {
        var study = Sample.study(uid: "1.2.1", name: "Smith\r\nX-Injected: 1\r\n\r\n")
        study.set(.studyDescription, "CT\r\nX-Injected: 1")
        study.set(.accessionNumber, "A\r\nX-Injected: 1")
        var series = Sample.series(uid: "1.2.1.1")
        series.set(.seriesDescription, "LUNG\r\nX-Injected: 1")
        let entry = try StudyEntry(study, series: [(series, 1)])
        let upstream = ScriptedUpstream(search: { _ in [] })
        let gateway = try await GatewayUnderTest(upstream, cloud: ScriptedCloud([:])).knowing([entry])
        try await gateway.application.test(.router) { client in
            for route in Self.routes(gateway) where route.method == .get {
                if let answer = await Self.answer(client, route) { Self.expectNoInjection(answer, route) }
            }
            let listed = try await client.execute(
                uri: "/api/v1/stores/radiology/studies",
                method: .get,
                headers: GatewayUnderTest.bearer
            )
            #expect(listed.status == .ok)
        }
    }

    @Test(
        "case 30: a range that is none, overflows or is one of a thousand changes no answer and is not sent on",
        arguments: [
            "bytes=5-2", "bytes=0-99999999999999999999999", "bytes=18446744073709551615-",
            "bytes=-9223372036854775808", "bytes=--1", "bytes=", "bytes", "bytes=a-b", "=0-1",
            "bytes=" + (0..<1_000).map { "\($0)-\($0)" }.joined(separator: ","),
        ]
    )
    func ranges(range: String) async throws {
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks(["0123"], headers: [.contentType: "application/dicom"])
        })
        let gateway = try await QIDOTests.gateway(upstream)
        try await gateway.application.test(.router) { client in
            for route in Self.routes(gateway) where route.method == .get {
                let plain = await Self.answer(client, route)
                let part = await Self.answer(client, route, HTTPField(name: .range, value: range))
                #expect(part?.status == plain?.status, "\(route)")
                #expect(part?.status != .partialContent && part?.headers[.contentRange] == nil, "\(route)")
            }
        }
        #expect(upstream.log.requests.allSatisfy { $0.headers[.range] == nil })
    }

    @Test(
        "case 30: numbers that no number of ours holds are refused, in a path and in a query",
        arguments: ["99999999999999999999", "18446744073709551617", "-1", "1e2", "0x1", "%2B1", "1.5", "%D9%A1"]
    )
    func numbers(number: String) async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await QIDOTests.gateway(upstream)
        let before = upstream.log.calls.count
        for path in ["/api/v1/studies", "/api/v1/stores/radiology/studies"] {
            for name in ["limit", "offset"] {
                #expect(try await gateway.request(.get, "\(path)?\(name)=\(number)").status == .badRequest, "\(path)")
            }
        }
        let offset = try await gateway.request(.get, "/dicomweb/radiology/studies?offset=\(number)")
        #expect(offset.status == .badRequest)
        let endpoints = AccessWalkTests.guarded(gateway).filter { $0.method == .get && $0.path.contains("{frame") }
        #expect(endpoints.count >= 5)
        for endpoint in endpoints {
            let template = endpoint.path.replacing("{frame}", with: number).replacing("{frames}", with: number)
            let path = AccessWalkTests.path(template, study: "1.2.1", series: "1.2.1.1")
            let answer = try await gateway.request(endpoint.method, path)
            #expect(answer.status == .badRequest, "\(endpoint.method) \(endpoint.path)")
        }
        #expect(upstream.log.calls.count == before)
    }

    @Test(
        "case 31: a form without end or with half a character is 400",
        arguments: [
            "a" + String(repeating: "[b]", count: 10_000) + "=1", String(repeating: "&", count: 32_000),
            String(repeating: "=", count: 30_000), "grant_type=%", "grant_type=%E2%82", "grant_type=%F0%9F%98",
            "%F0%9F%98", "assertion=" + String(repeating: "%", count: 10_000),
        ]
    )
    func forms(form: String) async throws {
        let gateway = try await GatewayUnderTest(ScriptedUpstream(search: { _ in [] })).knowingCallers()
        let type: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        let encoded = try await gateway.request(.post, "/oauth2/token", headers: type, body: ByteBuffer(string: form))
        #expect(encoded.status == .badRequest)
        let halves: [[UInt8]] = [[0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF]]
        for half in halves {
            let body = ByteBuffer(bytes: Array("grant_type=".utf8) + half)
            let answer = try await gateway.request(.post, "/oauth2/token", headers: type, body: body)
            #expect(answer.status == .badRequest)
        }
    }

    @Test(
        "case 31: JSON without end or with half a character is no fault of ours on any route, and makes nothing",
        arguments: [
            Array(String(repeating: "[", count: 100_000).utf8),
            Array((String(repeating: #"{"a":"#, count: 20_000) + "1" + String(repeating: "}", count: 20_000)).utf8),
            Array(#"{"name":""#.utf8) + [0xE2, 0x82],
            Array(#"{"name":""#.utf8) + [0xF0, 0x9F, 0x98] + Array(#""}"#.utf8),
            Array(#"{"name":"\ud800"}"#.utf8), Array(#"{"name":1e99999}"#.utf8), [0xEF, 0xBB],
            [0xFF, 0xFE, 0x7B, 0x00],
        ]
    )
    func bodies(body: [UInt8]) async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        let gateway = try await QIDOTests.gateway(upstream).knowingCallers()
        try await gateway.application.test(.router) { client in
            for route in Self.routes(gateway) where [.post, .put, .patch].contains(route.method) {
                for type in ["application/json", "application/merge-patch+json", "application/dicom+json"] {
                    let field = HTTPField(name: .contentType, value: type)
                    let answer = await Self.answer(client, route, field, body: body)
                    #expect(answer?.status != .internalServerError, "\(route)")
                }
            }
        }
        #expect(gateway.parts.identity.keys.all.isEmpty)
        #expect(upstream.log.stored.isEmpty)
    }
}
