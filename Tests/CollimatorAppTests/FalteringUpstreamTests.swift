import CollimatorCore
import Dispatch
import NIOHTTP1
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("Uploads to a store that answers early, dies or hangs", .timeLimit(.minutes(2)))
struct FalteringUpstreamTests {
    private static let paths = ["/api/v1/stores/pacs/studies", "/dicomweb/pacs/studies"]

    private static func head(_ path: String, key: String, length: Int) -> String {
        """
        POST \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(key)\r\n\
        Content-Type: application/dicom\r\nContent-Length: \(length)\r\n\r\n
        """
    }

    /// A gateway in front of a server by hand, which gets one connection after another; and that the gateway lives after.
    private func withGateway(
        serving upstream: @escaping @Sendable (RawConnection) throws -> Void,
        _ client:
            @escaping @Sendable (_ path: String, _ connect: () throws -> RawConnection, _ key: String) throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        let listener = try RawListener()
        let store = StoreConfiguration(
            name: try #require(StoreName("pacs")),
            place: .dicomweb(url: "http://127.0.0.1:\(listener.port)"),
            credentials: .none
        )
        try await RunningArchive.run(in: folder.path, stores: [store]) { archive in
            let port = try #require(Int(archive.url.split(separator: ":").last ?? ""))
            let key = archive.key
            for path in Self.paths {
                async let served: Void = blocking {
                    try upstream(try Self.upload(to: listener))
                }
                try await blocking { try client(path, { try RawConnection(port: port) }, key) }
                try await served
                let alive = try await archive.request(.GET, "/healthz", key: .some(nil))
                #expect(alive.status == 200)
            }
        }
    }

    /// The first connection with an upload, its head read; the catalog, which looks at the store too, finds it empty.
    private static func upload(to listener: RawListener) throws -> RawConnection {
        while true {
            let connection = try listener.accept()
            guard try connection.receive(until: "\r\n\r\n").hasPrefix("GET ") else { return connection }
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: 2\r\n"
                    + "Connection: close\r\n\r\n[]"
            )
            connection.end()
        }
    }

    private static let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"

    @Test("a refusal before the body is read reaches a client that pauses in the middle of it")
    func earlyRefusal() async throws {
        try await self.withGateway { upstream in
            upstream.send(Self.refusal)
            // The gateway gives the connection up rather than sending on.
            _ = try upstream.receiveAll()
        } _: { path, connect, key in
            let connection = try connect()
            connection.send(Self.head(path, key: key, length: 100_000_000))
            connection.send([UInt8](repeating: 1, count: 300_000))
            let answer = try connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains("urn:collimator:problem:too-large"))
        }
    }

    @Test(
        "a refusal reaches a client that does not stop sending, whether the store reads or not",
        arguments: [true, false]
    )
    func refusalWhileSending(isReading: Bool) async throws {
        try await self.withGateway { upstream in
            upstream.send(Self.refusal)
            if isReading { _ = try upstream.receiveAll() }
        } _: { path, connect, key in
            let connection = try connect()
            connection.send(Self.head(path, key: key, length: 20_000_000))
            for _ in 0..<20 where !connection.send([UInt8](repeating: 1, count: 1_000_000)) { break }
            let answer = try connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 "))
        }
    }

    @Test("a store that dies in the middle of a body cannot be reached now")
    func dying() async throws {
        try await self.withGateway { upstream in
            _ = try upstream.receive()
            upstream.end()
        } _: { path, connect, key in
            let connection = try connect()
            connection.send(Self.head(path, key: key, length: 100_000_000))
            connection.send([UInt8](repeating: 1, count: 2_000_000))
            let answer = try connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains("urn:collimator:problem:unavailable"))
        }
    }

    @Test("a client that is gone in the middle of its body takes the connection to the store with it")
    func clientGone() async throws {
        // A client that goes before anything was sent on leaves the store in peace.
        let hasBegun = DispatchSemaphore(value: 0)
        try await self.withGateway { upstream in
            hasBegun.signal()
            // It ends, and not with the end of a body.
            let rest = try upstream.receiveAll()
            #expect(!rest.hasSuffix("0\r\n\r\n"))
        } _: { path, connect, key in
            let connection = try connect()
            connection.send(Self.head(path, key: key, length: 100_000_000))
            connection.send([UInt8](repeating: 1, count: 500_000))
            #expect(hasBegun.wait(timeout: .now() + 10) == .success)
            connection.end()
        }
    }
}
