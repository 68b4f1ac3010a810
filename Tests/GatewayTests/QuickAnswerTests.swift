import AccessControl
import Audit
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import Imaging
import NIOCore
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("Pictures that lie in memory", .timeLimit(.minutes(1)))
struct QuickAnswerTests {
    /// The long way and the quick one, with what both know.
    private struct Ways {
        let parts: GatewayParts
        let gate: AccessGate
        let quick: QuickAnswers

        init(_ parts: GatewayParts) {
            self.parts = parts
            self.gate = parts.gate
            self.quick = QuickAnswers(
                gate: self.gate,
                authenticator: parts.authenticator,
                directory: parts.identity,
                isOff: false,
                logger: GatewayUnderTest.quiet
            )
        }

        func long(_ path: String, _ headers: HTTPFields = GatewayUnderTest.bearer) async throws -> TestResponse {
            let router = Router(context: GatewayContext.self)
            router.add(middleware: ErrorBoundary(methods: [:]))
            router.add(
                middleware: Authentication(
                    authenticator: self.parts.authenticator,
                    signIns: self.parts.signIns,
                    browser: self.parts.browser,
                    directory: self.parts.identity,
                    openPaths: []
                )
            )
            self.parts.endpointTable(logger: GatewayUnderTest.quiet, gate: self.gate)
                .register(on: router, gate: self.gate)
            return try await Application(router: router, logger: GatewayUnderTest.quiet).test(.router) { client in
                try await client.execute(uri: path, method: .get, headers: headers)
            }
        }

        func quick(
            _ path: String,
            _ headers: HTTPFields = GatewayUnderTest.bearer,
            method: HTTPRequest.Method = .get
        ) -> QuickAnswer? {
            let request = HTTPRequest(
                method: method,
                scheme: "http",
                authority: "localhost",
                path: path,
                headerFields: headers
            )
            return self.quick.answer(request, from: nil)
        }
    }

    private static func with(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var headers = GatewayUnderTest.bearer
        headers.append(HTTPField(name: name, value: value))
        return headers
    }

    @Test("are answered quickly once they were asked for, and just as they were then", arguments: ThumbnailTests.paths)
    func same(path: String) async throws {
        let (gateway, _) = try await ThumbnailTests.gateway()
        let ways = Ways(gateway.parts)
        let webp = Self.with(.accept, "image/webp")
        for (query, headers) in [
            ("", GatewayUnderTest.bearer), ("", webp), ("?size=64&format=png", GatewayUnderTest.bearer),
        ] {
            if headers == GatewayUnderTest.bearer { #expect(ways.quick(path + query) == nil) }
            let long = try await ways.long(path + query, headers)
            #expect(long.status == .ok)
            let quick = try #require(ways.quick(path + query, headers))
            #expect(quick.head.status == .ok)
            #expect(quick.body == long.body)
            var (left, right) = (quick.head.headerFields, long.headers)
            // The server adds the date on the long way.
            #expect(left[.date] != nil)
            #expect(left[requestIDHeader] != nil && left[requestIDHeader] != right[requestIDHeader])
            for name in [requestIDHeader, .date] { (left[name], right[name]) = (nil, nil) }
            #expect(Set(left) == Set(right))
            let tag = try #require(long.headers[.eTag])
            var asking = headers
            asking[.ifNoneMatch] = tag
            let same = try #require(ways.quick(path + query, asking))
            #expect(same.head.status == .notModified)
            #expect(same.body == nil)
            #expect(same.head.headerFields[.eTag] == tag)
        }
        // What `Accept` says is not what it said then.
        #expect(ways.quick(path, Self.with(.accept, "image/avif")) == nil)
    }

    @Test("go the long way where anything is out of the ordinary, which refuses what has to be refused")
    func ordinary() async throws {
        let (gateway, _) = try await ThumbnailTests.gateway()
        let ways = Ways(gateway.parts)
        let path = ThumbnailTests.paths[0]
        #expect(try await ways.long(path).status == .ok)
        #expect(ways.quick(path) != nil)
        #expect(ways.quick(path, Self.with(.connection, "Keep-Alive")) != nil)
        #expect(ways.quick(path, method: .head) == nil)
        #expect(ways.quick("\(path)?") == nil)
        #expect(ways.quick("\(path)?signature=x") == nil)
        let others: [(HTTPField.Name, String)] = [
            (.authorization, "Bearer \(GatewayUnderTest.key)"), (.cookie, "a=b"), (.contentLength, "0"),
            (.transferEncoding, "chunked"), (.expect, "100-continue"), (.upgrade, "h2c"), (.connection, "close"),
            (.proxyAssertion, "x"),
        ]
        for (name, value) in others { #expect(ways.quick(path, Self.with(name, value)) == nil, "\(name)") }
        for credential in ["Bearer \(GatewayUnderTest.key)x", "Basic \(GatewayUnderTest.key)", "Bearer eyJ.a.b", ""] {
            #expect(ways.quick(path, [.authorization: credential]) == nil)
        }
        #expect(ways.quick(path, [:]) == nil)
    }

    @Test(
        "are refused to who lost the right a moment ago, and to who has never had it",
        arguments: ThumbnailTests.paths
    )
    func lostRight(path: String) async throws {
        var (gateway, _) = try await ThumbnailTests.gateway()
        let judge = ScriptedJudge([Sample.study: .whole])
        gateway.parts.judge = judge
        let ways = Ways(gateway.parts)
        // By the paths of series the catalog comes to know the study, of which decisions are made.
        for other in ThumbnailTests.paths { #expect(try await ways.long(other).status == .ok) }
        let tag = try #require(try await ways.long(path).headers[.eTag])
        #expect(ways.quick(path) != nil)
        judge.revoke()
        #expect(ways.quick(path) == nil)
        #expect(ways.quick(path, Self.with(.ifNoneMatch, tag)) == nil)
        #expect(try await ways.long(path).status == .notFound)
    }

    @Test("are found no more when they were thrown away, and again when they were made again")
    func purged() async throws {
        let (gateway, upstream) = try await ThumbnailTests.gateway()
        let ways = Ways(gateway.parts)
        let path = ThumbnailTests.paths[0]
        #expect(try await ways.long(path).status == .ok)
        #expect(ways.quick(path) != nil)
        let asked = upstream.log.requests.count
        await gateway.parts.thumbnails?.purge(nil)
        #expect(ways.quick(path) == nil)
        #expect(upstream.log.requests.count == asked)
        #expect(try await ways.long(path).status == .ok)
        #expect(ways.quick(path) != nil)
    }

    @Test("are counted for the audit, and go the long way where the first look of a minute has to be written down")
    func audited() async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/audit.db", readerCount: 1))
        let store = AuditStore(database: database)
        try await store.prepare()
        let time = ClockedByHand(1_790_000_000)
        var (gateway, _) = try await ThumbnailTests.gateway()
        let audit = try AuditLog(
            store,
            spoolPath: "\(folder.path)/spool",
            clock: WallClock { Date(timeIntervalSince1970: time.seconds) },
            logger: GatewayUnderTest.quiet
        )
        gateway.parts.audit = audit
        let ways = Ways(gateway.parts)
        let path = ThumbnailTests.paths[0]
        #expect(try await ways.long(path).status == .ok)
        for _ in 0..<3 { #expect(ways.quick(path) != nil) }
        time.pass(60)
        #expect(ways.quick(path) == nil)
        #expect(try await ways.long(path).status == .ok)
        #expect(ways.quick(path) != nil)
        try await audit.flush()
        let page = try await store.page(AuditQuery(limit: 10))
        #expect(page.rows.map(\.record.count).sorted() == [1, 1, 1, 3])
        try await database.close()
    }

    @Test("leave one connection in the order in which they were asked for, among others and beyond a refusal")
    func connection() async throws {
        let (gateway, _) = try await ThumbnailTests.gateway()
        let path = ThumbnailTests.paths[0]
        _ = try await gateway.application.test(.live) { client in
            let port = try #require(client.port)
            for _ in 0..<2 {
                _ = try await client.execute(uri: path, method: .get, headers: GatewayUnderTest.bearer)
            }
            func head(_ path: String, _ more: String = "") -> String {
                "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(GatewayUnderTest.key)\r\n\(more)\r\n"
            }
            let answers = try await RawExchange.exchange(
                port: port,
                head(path) + head("/api/v1/me") + head(path) + head("\(path)?size=0") + head(path)
                    + head(path, "Connection: close\r\n")
            )
            let statuses = answers.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
            #expect(statuses == ["200", "200", "200", "400", "200", "200"])
        }
    }
}
