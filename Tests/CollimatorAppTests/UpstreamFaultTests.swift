import TestSupport
import Testing

@testable import CollimatorApp

/// Every way in which a DICOM store can fail, over real sockets.
@Suite("An upstream that fails", .timeLimit(.minutes(2)))
struct UpstreamFaultTests {
    private static let streamed = "/dicomweb/pacs/studies/1.2.3/metadata"
    private static let collected = "/api/v1/stores/pacs/studies/1.2.3/instances"
    private static let json = "Content-Type: application/dicom+json\r\n"

    /// A fault, and the statuses of a streamed and of a collected answer.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [FaultyServer.Step]
        let streamed: Int
        let collected: Int

        init(_ name: String, _ steps: [FaultyServer.Step], _ streamed: Int, _ collected: Int? = nil) {
            self.testDescription = name
            self.steps = steps
            self.streamed = streamed
            self.collected = collected ?? streamed
        }
    }

    private static func answer(_ status: String, _ headers: String = "", _ body: String = "") -> [FaultyServer.Step] {
        [.send("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")]
    }

    static let faults = [
        Fault("closes at once", [.close], 503),
        Fault("is silent", [], 504),
        Fault("stops in the head", [.send("HTTP/1.1 200 OK\r\nContent-")], 504),
        Fault("throttles", answer("429 Too Many Requests", "Retry-After: 7\r\n"), 503),
        Fault("is overloaded", answer("503 Service Unavailable", "Retry-After: 7\r\n"), 503),
        Fault("fails", answer("500 Internal Server Error", "Content-Type: text/html\r\n", "<h1>Smith</h1>"), 502),
        Fault("redirects", answer("302 Found", "Location: http://127.0.0.1:1/secret\r\n"), 502),
        Fault("refuses our credential", answer("401 Unauthorized"), 502),
        Fault("answers HTML", answer("200 OK", "Content-Type: text/html\r\n", "<script>alert(1)</script>"), 502),
        Fault("answers without a type", answer("200 OK", "", "Smith"), 502),
        Fault("packs what it was not asked to", answer("200 OK", "\(json)Content-Encoding: gzip\r\n", "x"), 502),
        Fault("speaks no HTTP", [.send("Smith\r\n\r\n"), .close], 502),
        Fault(
            "has a head without end",
            [.send("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 200_000))")],
            502
        ),
    ]

    @Test("is a problem document that names the layer", arguments: faults)
    func problems(fault: Fault) async throws {
        try await FaultyServer.run(fault.steps) { server in
            let port = server.port
            try await RunningGateway.run(before: "http://127.0.0.1:\(port)/dicomWeb") { gateway in
                for (path, status) in [(Self.streamed, fault.streamed), (Self.collected, fault.collected)] {
                    let answer = try await RawExchange.exchange(port: gateway.port, RunningGateway.head(path))
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(500))")
                    #expect(answer.contains("application/problem+json"))
                    #expect(answer.contains("\"detail\":\"The DICOM store"), "\(answer)")
                    #expect(!answer.contains("Smith") && !answer.contains("script") && !answer.contains("secret"))
                    #expect((status == 503) == answer.contains("Retry-After:"))
                }
                try await Self.isAlive(gateway)
            }
            // Both were asked once: nothing was followed or repeated.
            #expect(server.requestCount == 2)
        }
    }

    @Test("and cannot be reached is 503, and readiness says so")
    func refused() async throws {
        // A port that was free a moment ago.
        let port = try await FaultyServer.run([]) { $0.port }
        try await RunningGateway.run(before: "http://127.0.0.1:\(port)/dicomWeb") { gateway in
            for path in [Self.streamed, Self.collected] {
                let answer = try await RawExchange.exchange(port: gateway.port, RunningGateway.head(path))
                #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer.prefix(200))")
                #expect(answer.contains("The DICOM store cannot be reached now."))
            }
            let ready = try await RawExchange.exchange(port: gateway.port, RunningGateway.head("/readyz"))
            #expect(ready.hasPrefix("HTTP/1.1 503 "))
            try await Self.isAlive(gateway)
        }
    }

    /// A body that begins well, and goes on so for as long as it is told; the steps after the head.
    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: @Sendable (_ beginning: String) -> [FaultyServer.Step]

        init(_ name: String, _ steps: @escaping @Sendable (_ beginning: String) -> [FaultyServer.Step]) {
            self.testDescription = name
            self.steps = steps
        }

        static func chunked(_ text: String) -> FaultyServer.Step {
            .send("Transfer-Encoding: chunked\r\n\r\n\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
        }
    }

    static let broken = [
        Broken("a length that is not reached") { [.send("Content-Length: 9000000\r\n\r\n\($0)"), .wait, .close] },
        Broken("chunks without an end") { [Broken.chunked($0), .wait, .close] },
        Broken("chunks that are none") { [Broken.chunked($0), .wait, .send("zz\r\n"), .close] },
        Broken("silence in the middle") { [Broken.chunked($0)] },
    ]

    @Test("and breaks off in the middle of a short list is told as a problem", arguments: broken)
    func brokenOff(broken: Broken) async throws {
        let head = FaultyServer.Step.send("HTTP/1.1 200 OK\r\n\(Self.json)")
        // It breaks off at once: nothing of ours has begun.
        let steps = broken.steps("[{}").filter { step in
            if case .wait = step { false } else { true }
        }
        try await FaultyServer.run([head] + steps) { server in
            try await RunningGateway.run(before: "http://127.0.0.1:\(server.port)/dicomWeb") { gateway in
                for path in [Self.streamed, Self.collected] {
                    let answer = try await RawExchange.exchange(port: gateway.port, RunningGateway.head(path))
                    #expect(answer.contains("application/problem+json"), "\(answer)")
                    #expect(["502", "503", "504"].contains(answer.dropFirst(9).prefix(3)), "\(answer.prefix(20))")
                }
                try await Self.isAlive(gateway)
            }
        }
    }

    @Test("and breaks off in the middle of a long list cuts the connection to the client", arguments: broken)
    func cutOff(broken: Broken) async throws {
        let head = FaultyServer.Step.send("HTTP/1.1 200 OK\r\n\(Self.json)")
        // More than is held before an answer begins; a text, which is read quickly.
        let beginning = "[{\"00080005\":\"" + String(repeating: "x", count: 5 * 256 * 1_024)
        try await FaultyServer.run([head] + broken.steps(beginning)) { server in
            let root = "http://127.0.0.1:\(server.port)/dicomWeb"
            // Reading so much takes its time on a busy machine, and meanwhile nothing more is taken.
            try await RunningGateway.run(before: root, silence: .seconds(6)) { gateway in
                let head = RunningGateway.head(Self.streamed)
                let cut = try await RawExchange.exchange(port: gateway.port, head, onFirst: server.goOn)
                #expect(cut.hasPrefix("HTTP/1.1 200 "), "\(cut.prefix(200))")
                #expect(!cut.hasSuffix("0\r\n\r\n"), "an end was written")
                try await Self.isAlive(gateway)
            }
        }
    }

    @Test("parts that never close are not closed by us")
    func openParts() async throws {
        let head = """
            HTTP/1.1 200 OK\r\nContent-Type: multipart/related; type="application/dicom"; boundary=b\r\n\
            Content-Length: 60\r\n\r\n--b\r\nContent-Type: application/dicom\r\n\r\nnot whole and without end
            """
        try await FaultyServer.run([.send(head), .close]) { server in
            try await RunningGateway.run(before: "http://127.0.0.1:\(server.port)/dicomWeb") { gateway in
                let path = "/dicomweb/pacs/studies/1.2.3"
                let answer = try await RawExchange.exchange(port: gateway.port, RunningGateway.head(path))
                #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
                #expect(!answer.contains("--b--"))
                #expect(!answer.hasSuffix("0\r\n\r\n"))
            }
        }
    }

    @Test("and is still sending is let go of when the client has gone")
    func clientGone() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: 99999999999\r\n\r\n"
        try await FaultyServer.run([.send(head), .flood]) { server in
            try await RunningGateway.run(before: "http://127.0.0.1:\(server.port)/dicomWeb") { gateway in
                let path = "/dicomweb/pacs/studies/1.2.3"
                for _ in 0..<5 {
                    try await RawExchange.abandon(port: gateway.port, RunningGateway.head(path))
                }
                #expect(server.requestCount == 5)
                // Bounded by the suite's time limit.
                while server.openConnections > 0 { try await Task.sleep(for: .milliseconds(20)) }
                try await Self.isAlive(gateway)
            }
        }
    }

    private static func isAlive(_ gateway: RunningGateway) async throws {
        let health = try await RawExchange.exchange(port: gateway.port, RunningGateway.head("/healthz"))
        #expect(health.hasPrefix("HTTP/1.1 200 "))
    }
}
