import Foundation
import NIOHTTP1
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("hostile input")
struct HostileInputTests {
    private static let studies = TestServer.dicomWeb + "/studies"

    private func alive(_ server: TestServer) async throws {
        let health = try await server.get("/healthz")
        #expect(health.status == 200)
    }

    @Test(
        "paths that are no paths are refused",
        arguments: [
            ("/v1/projects/local/locations/local/datasets/imaging/dicomStores/..%2f..%2fetc/dicomWeb/studies", 400),
            ("/v1/projects/local/../../etc/passwd", 400), ("/v1/projects/%2e%2e/locations", 400), ("/%", 400),
            ("/v1//projects/local/locations", 404), ("/v1/projects/local/locations/", 404), ("/nonsense", 404),
            ("/", 404),
            ("/v1/projects/local/locations?a=%zz", 400),
        ]
    )
    func paths(path: String, status: Int) async throws {
        try await withEmulator { server in
            let answer = try await RawExchange.exchange(
                port: server.port,
                "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(80))")
            #expect(answer.contains("\"error\""))
        }
    }

    @Test(
        "bytes that are no HTTP are 400 in Google's form",
        arguments: [
            "nonsense\r\n\r\n", "GET\r\n\r\n", "FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{1}",
        ]
    )
    func notHTTP(text: String) async throws {
        try await withEmulator { server in
            let answer = try await RawExchange.exchange(port: server.port, text, closesInput: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer.prefix(80))")
            #expect(answer.contains("INVALID_ARGUMENT"))
            try await self.alive(server)
        }
    }

    @Test("a head that is too large is 431", arguments: [40_000, 1_000_000])
    func largeHead(count: Int) async throws {
        try await withEmulator { server in
            let value = String(repeating: "x", count: count)
            let header = try await RawExchange.exchange(
                port: server.port,
                "GET /healthz HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n"
            )
            #expect(header.hasPrefix("HTTP/1.1 431 "), "\(header.prefix(80))")
            let target = try await RawExchange.exchange(
                port: server.port,
                "GET /\(value) HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            #expect(target.hasPrefix("HTTP/1.1 431 "), "\(target.prefix(80))")
            try await self.alive(server)
        }
    }

    @Test("a body that is too large is 413")
    func largeBody() async throws {
        try await withEmulator { server in
            let path = "/v1/projects/local/locations/local/datasets?datasetId=d"
            let announced = try await RawExchange.exchange(
                port: server.port,
                "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n{"
            )
            #expect(announced.hasPrefix("HTTP/1.1 413 "), "\(announced.prefix(80))")
            let sent = try await server.send(.POST, path, json: String(repeating: " ", count: 10 * 1024 * 1024 + 1))
            #expect(sent.status == 413)
            try await self.alive(server)
        }
    }

    @Test("a body shorter than announced is 400 and leaves nothing")
    func lyingLength() async throws {
        try await withEmulator { server in
            let file = try TestObject().file()
            let head =
                "POST \(Self.studies) HTTP/1.1\r\nHost: a\r\nContent-Type: application/dicom\r\nContent-Length: \(file.count + 100)\r\n\r\n"
            let answer = try await RawExchange.exchange(port: server.port, Array(head.utf8) + file, closesInput: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer.prefix(80))")
            #expect(try await server.get(Self.studies).status == 204)
            let short =
                "POST \(Self.studies) HTTP/1.1\r\nHost: a\r\nContent-Type: application/dicom\r\nContent-Length: 200\r\nConnection: close\r\n\r\n"
            let cut = try await RawExchange.exchange(port: server.port, Array(short.utf8) + file)
            #expect(cut.hasPrefix("HTTP/1.1 409 ") || cut.isEmpty, "\(cut.prefix(80))")
            #expect(try await server.get(Self.studies).status == 204)
        }
    }

    @Test("a chunked body without an end is 400 and leaves nothing")
    func endlessChunks() async throws {
        try await withEmulator { server in
            let file = try TestObject().file()
            let head =
                "POST \(Self.studies) HTTP/1.1\r\nHost: a\r\nContent-Type: application/dicom\r\nTransfer-Encoding: chunked\r\n\r\n\(String(file.count, radix: 16))\r\n"
            let answer = try await RawExchange.exchange(
                port: server.port,
                Array(head.utf8) + file + Array("\r\n".utf8),
                closesInput: true
            )
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer.prefix(80))")
            #expect(try await server.get(Self.studies).status == 204)
        }
    }

    private static func expecting(_ path: String, _ length: Int, more: String = "") -> String {
        """
        POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/dicom\r\nContent-Length: \(length)\r\n\
        Expect: 100-continue\r\n\(more)\r\n
        """
    }

    @Test("a client that waits for 100 Continue is told to go on when its body is read")
    func expectContinue() async throws {
        try await withEmulator { server in
            let file = try TestObject().file()
            let answer = try await blocking {
                let connection = try RawConnection(port: server.port)
                connection.send(Self.expecting(Self.studies, file.count, more: "Connection: close\r\n"))
                let leave = try connection.receive(until: "\r\n\r\n")
                #expect(leave == "HTTP/1.1 100 Continue\r\n\r\n")
                connection.send(file)
                return try connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"), "\(answer.prefix(80))")
        }
    }

    @Test("a refusal comes instead of 100 Continue, and ends the connection")
    func refusedInsteadOfContinue() async throws {
        try await withEmulator(requiresToken: true) { server in
            let answer = try await RawExchange.exchange(port: server.port, Self.expecting(Self.studies, 1000))
            #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(answer.prefix(80))")
            #expect(answer.lowercased().contains("connection: close"))
            #expect(!answer.contains("100 Continue"))
        }
    }

    @Test("100 Continue never comes before the answer to the request before it")
    func pipelinedContinue() async throws {
        try await withEmulator { server in
            let file = try TestObject().file()
            let answer = try await blocking {
                let connection = try RawConnection(port: server.port)
                let first = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
                connection.send(first + Self.expecting(Self.studies, file.count, more: "Connection: close\r\n"))
                let before = try connection.receive(until: "100 Continue\r\n\r\n")
                #expect(before.hasPrefix("HTTP/1.1 200 OK"), "\(before.prefix(80))")
                #expect(before.hasSuffix("HTTP/1.1 100 Continue\r\n\r\n"))
                connection.send(file)
                return try connection.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"), "\(answer.prefix(80))")
        }
    }

    @Test("clients that go in the middle of an upload or an answer leave nothing behind")
    func abandoned() async throws {
        try await withEmulator { server in
            var big = TestObject()
            (big.columns, big.rows, big.frames) = (1024, 1024, 8)
            try await server.store(big)
            let file = try big.file()
            let upload =
                "POST \(Self.studies) HTTP/1.1\r\nHost: a\r\nContent-Type: application/dicom\r\nContent-Length: \(file.count)\r\n\r\n"
            let download =
                "GET \(TestServer.dicomWeb)\(big.path) HTTP/1.1\r\nHost: a\r\nAccept: application/dicom; transfer-syntax=*\r\n\r\n"
            for _ in 0..<10 {
                try await RawExchange.abandon(
                    port: server.port,
                    Array(upload.utf8) + file.prefix(200_000),
                    reads: false
                )
                try await RawExchange.abandon(port: server.port, download)
            }
            try await self.alive(server)
            let spool = server.directory + "/archive/spool"
            for _ in 0..<400 {
                if Self.openFiles(below: server.directory + "/archive/instances").isEmpty, Self.files(in: spool).isEmpty
                {
                    break
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(Self.files(in: spool).isEmpty)
            #expect(Self.openFiles(below: server.directory + "/archive/instances").isEmpty)
            let metrics = try await server.get(TestServer.store + ":getDICOMStoreMetrics")
            #expect(metrics.object["instanceCount"] as? String == "1")
        }
    }

    private static func files(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// Files of the folder that this process has open.
    private static func openFiles(below folder: String) -> [String] {
        Self.files(in: "/proc/self/fd")
            .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
            .filter { $0.hasPrefix(folder) }
    }

    @Test("errors repeat nothing of what was sent")
    func nothingRepeated() async throws {
        try await withEmulator { server in
            for path in [
                Self.studies + "?PatientName=SECRET&SOPClassUID=SECRET", Self.studies + "/1.2.SECRET", "/SECRET",
                TestServer.store + "?updateMask=SECRET%20SECRET", "/v1/projects/SECRET%20/locations",
                Self.studies + "?StudyInstanceUID=SECRET", Self.studies + "?limit=SECRET",
            ] {
                let reply = try await server.get(path, accept: "application/SECRET")
                #expect(reply.status >= 400)
                #expect(!reply.text.contains("SECRET"), "\(path)")
            }
        }
    }
}
