import CollimatorCore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import Gateway

/// What is wrong with a request before any route sees it, over a real socket.
@Suite("Requests that are wrong as HTTP", .timeLimit(.minutes(1)))
struct HTTPBoundaryTests {
    private static let key = "Authorization: Bearer \(GatewayUnderTest.key)\r\n"
    private static let long = String(repeating: "x", count: 40_000)

    private func exchange(
        _ text: String,
        upstream: ScriptedUpstream = ScriptedUpstream(search: { _ in [] }),
        limits: GatewayLimits = GatewayLimits()
    ) async throws -> String {
        try await GatewayUnderTest(upstream, limits: limits).application.test(.live) { client in
            let port = try #require(client.port)
            let answer = try await RawExchange.exchange(port: port, text)
            // Whatever it was, the next one is served.
            let health = try await client.execute(uri: "/healthz", method: .get)
            #expect(health.status == .ok)
            return answer
        }
    }

    /// The key, and a body of DICOM: storing looks at the type before anything is read.
    private static let dicom = "\(key)Content-Type: application/dicom\r\n"

    @Test(
        "are problem documents",
        arguments: [
            ("nonsense\r\n\r\n", 400, "invalid-input"),
            ("GET\r\n\r\n", 400, "invalid-input"),
            ("FOO / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "invalid-input"),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "invalid-input"),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "invalid-input"),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                "invalid-input"
            ),
            ("GET / HTTP/1.1\r\nHost: x\r\nBroken header\r\n\r\n", 400, "invalid-input"),
            ("\u{16}\u{3}\u{1}\u{0}\u{1}\r\n\r\n", 400, "invalid-input"),
            ("GET / HTTP/1.1\r\nHost: x\r\nX: \(long)\r\n\r\n", 431, "headers-too-large"),
            ("GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n", 431, "headers-too-large"),
            (
                "GET /?\(long.prefix(9000)) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 431,
                "headers-too-large"
            ),
            (
                "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n", 431,
                "headers-too-large"
            ),
        ]
    )
    func malformed(text: String, status: Int, code: String) async throws {
        let answer = try await self.exchange(text)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(200))")
        #expect(answer.lowercased().contains("content-type: application/problem+json"))
        #expect(answer.contains("\"code\":\"\(code)\""))
        #expect(answer.lowercased().contains("request-id:"))
        #expect(answer.lowercased().contains("x-content-type-options: nosniff"))
        // One answer, and nothing after it.
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
    }

    @Test("a body that is no chunks is 400, and nothing after it is served")
    func brokenChunks() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            if let body = request.body { for try await _ in body.bytes {} }
            return .chunks(["{}"])
        })
        let head = "POST /dicomweb/radiology/studies HTTP/1.1\r\nHost: x\r\n\(Self.dicom)"
        let answer = try await self.exchange(
            "\(head)Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
            upstream: upstream
        )
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer.prefix(200))")
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
    }

    @Test("a body that stops coming is 408, and the upload is not taken for whole")
    func slowBody() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            if let body = request.body { for try await _ in body.bytes {} }
            Issue.record("the body was taken for whole")
            return .chunks(["{}"])
        })
        var limits = GatewayLimits()
        limits.bodyIdleTimeout = .milliseconds(200)
        for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
            let start = framing.hasPrefix("C") ? "abc" : "3\r\nabc\r\n"
            let answer = try await self.exchange(
                "POST /dicomweb/radiology/studies HTTP/1.1\r\nHost: x\r\n\(Self.dicom)\(framing)\r\n\r\n\(start)",
                upstream: upstream,
                limits: limits
            )
            #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer.prefix(200))")
            #expect(answer.contains("\"code\":\"request-timeout\""))
        }
    }

    @Test("a head that does not come to its end is 408, on a new connection and after an answer")
    func slowHead() async throws {
        var limits = GatewayLimits()
        limits.headTimeout = .milliseconds(200)
        let new = try await self.exchange("GET /healthz HTTP/1.1\r\nHost: x\r\nX: y", limits: limits)
        #expect(new.hasPrefix("HTTP/1.1 408 "), "\(new.prefix(200))")
        #expect(new.contains("\"code\":\"request-timeout\""))
        let application = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }), limits: limits).application
        try await application.test(.live) { client in
            let port = try #require(client.port)
            let second = try await blocking {
                let connection = try RawConnection(port: port)
                connection.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try connection.receive(until: "\r\n\r\n")
                connection.send("GET")
                return try connection.receiveAll()
            }
            #expect(second.contains("HTTP/1.1 408 "), "\(second.prefix(200))")
        }
    }

    @Test("a head that comes byte by byte is 408, though it never pauses for long")
    func drippingHead() async throws {
        var limits = GatewayLimits()
        limits.headTimeout = .milliseconds(200)
        let application = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }), limits: limits).application
        try await application.test(.live) { client in
            let port = try #require(client.port)
            let answer = try await blocking {
                let connection = try RawConnection(port: port)
                connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
                // At most twenty seconds of drops: the end comes long before.
                for _ in 0..<400 {
                    usleep(50_000)
                    guard connection.send("y"), !connection.hasSomething else { break }
                }
                return try connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer.prefix(200))")
        }
    }

    @Test(
        "paths that can be read in two ways are 400",
        arguments: [
            "/api/v1/../v1/stores", "/api/v1/%2e%2e/stores", "/dicomweb/radiology/studies/1.2%2F3",
            "/dicomweb/radiology/studies/1.2%5c3", "/api/v1/stores/%00", "/api/v1/stores/a%0d%0ab",
            "/api/v1/stores/%zz",
            "/api/v1/stores/%ff%fe", "/api/v1/stores/.", "/a\\b",
        ]
    )
    func strangePaths(path: String) async throws {
        let answer = try await self.exchange("GET \(path) HTTP/1.1\r\nHost: x\r\n\(Self.key)Connection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer.prefix(200))")
        #expect(answer.contains("\"code\":\"invalid-input\""))
    }

    @Test("an absolute target of the very host is served like its path", arguments: ["http://x", "HTTPS://X"])
    func absoluteForm(origin: String) async throws {
        let request = "GET \(origin)/api/v1/stores HTTP/1.1\r\nHost: x\r\n\(Self.key)Connection: close\r\n\r\n"
        let answer = try await self.exchange(request)
        #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer.prefix(200))")
    }

    @Test("an HTTP/1.0 client gets a body that ends with the connection, and no chunks")
    func oldClients() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[1,", "2]"]) })
        let answer = try await self.exchange(
            "GET \(Sample.dicomweb)/metadata HTTP/1.0\r\n\(Self.key)\r\n",
            upstream: upstream
        )
        #expect(answer.hasPrefix("HTTP/1.0 200 "), "\(answer.prefix(200))")
        #expect(!answer.lowercased().contains("transfer-encoding"))
        #expect(answer.hasSuffix("\r\n\r\n[1,2]"))
    }

    @Test("a HEAD of a streamed answer ends with its head, and the next request is served")
    func streamedHead() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[1,", "2]"]) })
        let answer = try await self.exchange(
            "HEAD \(Sample.dicomweb)/metadata HTTP/1.1\r\nHost: x\r\n\(Self.key)\r\n"
                + "GET \(Sample.dicomweb)/metadata HTTP/1.1\r\nHost: x\r\n\(Self.key)Connection: close\r\n\r\n",
            upstream: upstream
        )
        let answers = answer.components(separatedBy: "HTTP/1.1 200 OK\r\n")
        try #require(answers.count == 3, "\(answer)")
        #expect(answers[1].hasSuffix("\r\n\r\n") && !answers[1].contains("[1,") && !answers[1].contains("\r\n0\r\n"))
        #expect(!answers[1].lowercased().contains("content-length"))
        #expect(answers[2].hasSuffix("0\r\n\r\n"))
    }

    @Test("what follows an answer is not read for ever")
    func endlessBody() async throws {
        var limits = GatewayLimits()
        limits.unreadBytesMax = 1000
        limits.lingerBytesMax = 1000
        // It is the number of bytes that ends it.
        limits.lingerTime = .seconds(120)
        let head = "POST /api/v1/stores HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
        let application = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }), limits: limits).application
        try await application.test(.live) { client in
            let port = try #require(client.port)
            let (answer, taken) = try await blocking {
                let connection = try RawConnection(port: port)
                connection.send(head)
                let answer = try connection.receive(until: "}")
                return (answer, Self.megabytesTaken(by: connection))
            }
            #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(answer.prefix(200))")
            #expect(answer.lowercased().contains("connection: close\r\n"))
            #expect(taken < 64)
        }
    }

    /// How much the other side takes, up to a limit; buffers of both sockets hold less than 40.
    private static func megabytesTaken(by connection: RawConnection) -> Int {
        let megabyte = [UInt8](repeating: 0x78, count: 1024 * 1024)
        var taken = 0
        while taken < 256, connection.send(megabyte) { taken += 1 }
        return taken
    }

    @Test(
        "after a request that asks for another protocol the connection ends, and what follows is not gathered",
        arguments: [
            "CONNECT elsewhere:80 HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        ]
    )
    func otherProtocol(head: String) async throws {
        var limits = GatewayLimits()
        // Time enough to take all of it.
        limits.lingerTime = .seconds(5)
        let application = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }), limits: limits).application
        try await application.test(.live) { client in
            let port = try #require(client.port)
            let taken = try await blocking {
                let connection = try RawConnection(port: port)
                connection.send(head)
                // What the sockets do not hold has nowhere to go but into memory.
                return Self.megabytesTaken(by: connection)
            }
            #expect(taken < 64)
        }
    }

    @Test("a request that asks for another protocol is answered as what it is, and last")
    func declinedUpgrade() async throws {
        var limits = GatewayLimits()
        limits.lingerTime = .milliseconds(200)
        let answer = try await self.exchange(
            "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            limits: limits
        )
        #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer.prefix(200))")
        #expect(answer.lowercased().contains("connection: close\r\n"))
    }

    @Test(
        "no Host, two of them or one that is none is 400, and nothing after it is served",
        arguments: [
            ("1.1", "", 400), ("1.1", "Host: x\r\nHost: x\r\n", 400), ("1.0", "Host: x\r\nHost: y\r\n", 400),
            ("1.1", "Host: a b\r\n", 400), ("1.1", "Host: a/b\r\n", 400), ("1.1", "Host: u@a\r\n", 400),
            ("1.1", "Host: a:b\r\n", 400), ("1.1", "Host: a:1:2\r\n", 400), ("1.1", "Host: [::1\r\n", 400),
            ("1.1", "Host: []\r\n", 400), ("1.1", "Host: http://a\r\n", 400), ("1.1", "Host: a:123456\r\n", 400),
            ("1.0", "", 200), ("1.1", "Host: x\r\n", 200), ("1.1", "Host: a.test:8080\r\n", 200),
            ("1.1", "Host: [::1]:80\r\n", 200), ("1.1", "Host: a_b-c.test.:\r\n", 200), ("1.1", "Host:\r\n", 200),
        ]
    )
    func host(version: String, fields: String, status: Int) async throws {
        let head = "GET /api/v1/stores HTTP/\(version)\r\n\(fields)\(Self.key)"
        let next = status == 200 ? "Connection: close\r\n\r\n" : "\r\n\(head)\r\n"
        let answer = try await self.exchange(head + next)
        #expect(answer.contains(" \(status) "), "\(answer.prefix(200))")
        #expect(answer.components(separatedBy: "HTTP/1.").count == 2)
        if status == 400 { #expect(answer.contains("one Host field")) }
    }

    @Test("a request without a Host is refused after the answer before it")
    func hostOfSecond() async throws {
        let answer = try await self.exchange(
            "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPOST /api/v1/stores HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
        )
        let answers = answer.components(separatedBy: "HTTP/1.1 ").dropFirst()
        #expect(answers.map { $0.prefix(3) } == ["200", "400"])
    }

    @Test("a body that comes in drops is 408, though it never pauses for long", arguments: [false, true])
    func drippingBody(isChunked: Bool) async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            if let body = request.body { for try await _ in body.bytes {} }
            Issue.record("the body was taken for whole")
            return .chunks(["{}"])
        })
        var limits = GatewayLimits()
        limits.bodyPaceWindow = .milliseconds(100)
        let application = try GatewayUnderTest(upstream, limits: limits).application
        try await application.test(.live) { client in
            let port = try #require(client.port)
            let answer = try await blocking {
                let connection = try RawConnection(port: port)
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 100000"
                connection.send(
                    "POST /dicomweb/radiology/studies HTTP/1.1\r\nHost: x\r\n\(Self.dicom)\(framing)\r\n\r\n"
                )
                // At most a minute of drops: the end comes long before.
                for _ in 0..<6000 {
                    usleep(10_000)
                    guard connection.send(isChunked ? "1\r\na\r\n" : "a"), !connection.hasSomething else { break }
                }
                return try connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer.prefix(200))")
            #expect(answer.contains("\"code\":\"request-timeout\""))
        }
    }

    @Test("a length beyond any number is refused at once")
    func ambiguousFields() async throws {
        let endless = try await self.exchange(
            "POST /dicomweb/radiology/studies HTTP/1.1\r\nHost: x\r\n\(Self.key)Content-Length: 9223372036854775808\r\n\r\na"
        )
        #expect(endless.hasPrefix("HTTP/1.1 400 "), "\(endless.prefix(200))")
    }
}
