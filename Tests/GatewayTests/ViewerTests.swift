import FoundationEssentials
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import TestSupport
import Testing

@testable import Gateway

/// A bundle in a folder of its own, with a secret beside it.
private final class Bundle: Sendable {
    private let folder: TemporaryDirectory
    let gateway: GatewayUnderTest

    static let files = [
        "index.html": "<!doctype html><title>viewer</title>",
        "app.bundle.1a2b3c4d5e6f.js": "run()",
        "app-config.js": "window.config = 'of the bundle'",
        "page.js": "plain",
        "page.js.gz": "packed",
        "page.js.br": "packed better",
        "sub/index.html": "inner",
        "sub/decode.wasm": "wasm",
        "sub/.hidden.js": "hidden",
        ".git/config": "hidden",
        "empty/readme.md": "text",
        "strange": "no extension",
    ]

    init() throws {
        self.folder = try TemporaryDirectory()
        let root = "\(self.folder.path)/bundle"
        try Self.write("secret", to: "\(self.folder.path)/secret.js")
        for (name, text) in Self.files { try Self.write(text, to: "\(root)/\(name)") }
        #expect(symlink("../secret.js", "\(root)/out.js") == 0)
        #expect(symlink("..", "\(root)/up") == 0)
        #expect(symlink("page.js", "\(root)/in.js") == 0)
        #expect(mkfifo("\(root)/pipe.js", 0o600) == 0)
        var gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        gateway.parts.viewer = ViewerFolder(path: root)
        self.gateway = gateway
    }

    private static func write(_ text: String, to path: String) throws {
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    func get(_ path: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        try await self.gateway.request(.get, path, headers: headers)
    }
}

@Suite("GET /viewer/")
struct ViewerTests {
    private let bundle: Bundle

    init() throws {
        self.bundle = try Bundle()
    }

    @Test(
        "gives each file to everybody, in its type",
        arguments: [
            ("/viewer/", "text/html; charset=utf-8", "<!doctype html><title>viewer</title>"),
            ("/viewer/page.js", "text/javascript; charset=utf-8", "plain"),
            ("/viewer/sub/decode.wasm", "application/wasm", "wasm"),
            ("/viewer/sub/", "text/html; charset=utf-8", "inner"),
            ("/viewer/empty/readme.md", "text/plain; charset=utf-8", "text"),
            ("/viewer/strange", "application/octet-stream", "no extension"),
        ]
    )
    func files(path: String, type: String, text: String) async throws {
        let answer = try await self.bundle.get(path)
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == type)
        #expect(answer.text == text)
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.known("Cross-Origin-Opener-Policy")] == "same-origin")
        #expect(answer.headers[.known("Cross-Origin-Embedder-Policy")] == "require-corp")
        #expect(answer.headers[.crossOriginResourcePolicy] == "same-origin")
        let policy = try #require(answer.headers[.contentSecurityPolicy])
        #expect(policy.contains("connect-src 'self' blob: data:;") && policy.contains("frame-ancestors 'self'"))
        let head = try await self.bundle.gateway.request(.head, path, headers: [:])
        #expect(head.status == .ok)
        #expect(head.headers[.contentLength] == String(text.utf8.count))
        #expect(head.body.readableBytes == 0)
    }

    @Test("gives the page for the addresses that it makes itself", arguments: ["/viewer/viewer", "/viewer/a/b/c"])
    func singlePage(path: String) async throws {
        let answer = try await self.bundle.get(path)
        #expect(answer.status == .ok)
        #expect(answer.text == Bundle.files["index.html"])
        #expect(answer.headers[.cacheControl] == "no-cache")
    }

    @Test("leads to the slash at the end of a folder", arguments: [("/viewer", "viewer/"), ("/viewer/sub", "sub/")])
    func folders(path: String, location: String) async throws {
        let answer = try await self.bundle.get(path)
        #expect(answer.status == .seeOther)
        #expect(answer.headers[.location] == location)
    }

    @Test(
        "case 32: has nothing beside its files: no links, pipes, dot files, folders without a page, paths that lead out",
        arguments: [
            "/viewer/none.js", "/viewer/out.js", "/viewer/in.js", "/viewer/up/secret.js", "/viewer/pipe.js",
            "/viewer/.git/config", "/viewer/sub/.hidden.js", "/viewer/.git", "/viewer/empty/",
            "/viewer/..%2fsecret.js", "/viewer/sub%2f..%2f..%2fsecret.js", "/viewer/%2e%2e/secret.js",
            "/viewer/../secret.js", "/viewer/sub/..%5c..%5csecret.js", "/viewer/page.js%00", "/viewer/%ff.js",
            "/viewer/page.js/x.js", "/viewer/sub/../../secret.js", "/viewer/..\\secret.js", "/viewer/C:%5csecret.js",
            "/viewer/%c0%ae%c0%ae/secret.js", "/viewer/%252e%252e/secret.js",
        ]
    )
    func outside(path: String) async throws {
        let answer = try await self.bundle.get(path)
        #expect(answer.status == .notFound || answer.status == .badRequest)
        #expect(!answer.text.contains("secret") && !answer.text.contains("hidden") && answer.text != "plain")
    }

    @Test("lets browsers keep what has a hash in its name, and ask for the rest")
    func caching() async throws {
        let hashed = try await self.bundle.get("/viewer/app.bundle.1a2b3c4d5e6f.js")
        #expect(hashed.headers[.cacheControl] == "public, max-age=31536000, immutable")
        let plain = try await self.bundle.get("/viewer/sub/decode.wasm")
        #expect(plain.headers[.cacheControl] == "no-cache")
        let tag = try #require(plain.headers[.eTag])
        let again = try await self.bundle.get("/viewer/sub/decode.wasm", [.ifNoneMatch: tag])
        #expect(again.status == .notModified)
        #expect(again.body.readableBytes == 0)
        #expect(try await self.bundle.get("/viewer/page.js", [.ifNoneMatch: tag]).status == .ok)
    }

    @Test(
        "takes for a hash what a bundler makes, and nothing that a person writes",
        arguments: [
            ("app.1a2b3c4d.js", true), ("822.bundle.0d1e2f3a4b5c6d7e8f90.js", true), ("index-0a1b2c3d.css", true),
            ("app.js", false), ("logo.20240101.png", false), ("deadbeef.js", false), ("app.1a2b3c.js", false),
        ]
    )
    func hashes(name: String, expected: Bool) {
        #expect(ViewerMedia(name: name).isHashed == expected)
    }

    @Test(
        "gives a file packed where one lies beside it and the client takes it",
        arguments: [
            ("gzip, br", "br", "packed better"), ("gzip", "gzip", "packed"), ("br;q=0, gzip;q=0.5", "gzip", "packed"),
            ("identity", nil, "plain"), ("gzip;q=0", nil, "plain"),
        ] as [(String, String?, String)]
    )
    func packed(accepted: String, coding: String?, text: String) async throws {
        let answer = try await self.bundle.get("/viewer/page.js", [.acceptEncoding: accepted])
        #expect(answer.headers[.contentEncoding] == coding)
        #expect(answer.text == text)
        #expect(answer.headers[.contentType] == "text/javascript; charset=utf-8")
        #expect(answer.headers[.vary] == "Accept-Encoding")
    }

    @Test("configures OHIF for the stores of the caller, in place of the file in the folder")
    func configuration() async throws {
        let answer = try await self.bundle.get("/viewer/app-config.js", GatewayUnderTest.bearer)
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "text/javascript; charset=utf-8")
        #expect(answer.headers[.cacheControl] == "private, no-cache")
        #expect(answer.text.hasPrefix(#"window.config = {"routerBasename":"/viewer","#))
        #expect(answer.text.contains(#""defaultDataSourceName":"radiology""#))
        #expect(answer.text.contains(#""qidoRoot":"/dicomweb/radiology""#))
        #expect(!answer.text.contains("of the bundle") && !answer.text.contains("location"))
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = answer.headers[.eTag]
        #expect(try await self.bundle.get("/viewer/app-config.js", headers).status == .notModified)
    }

    @Test("names no store to nobody, to a session that has ended, or to another page")
    func configurationForNobody() async throws {
        let signIns = self.bundle.gateway.parts.signIns
        let secret = try signIns.redeem(token: signIns.administratorToken())
        func answer(_ cookie: String?, site: String = "same-origin") async throws -> TestResponse {
            var headers: HTTPFields = [.secFetchSite: site]
            headers[.cookie] = cookie.map { "__Host-collimator_session=\($0)" }
            return try await self.bundle.get("/viewer/app-config.js", headers)
        }
        #expect(try await answer(secret).text.contains("radiology"))
        for cookie in [nil, "none", String(repeating: "A", count: 43)] {
            let refused = try await answer(cookie)
            #expect(refused.status == .ok)
            #expect(!refused.text.contains("radiology"))
            #expect(refused.text.hasSuffix("location.replace(\"/app/\");\n"))
        }
        let foreign = try await answer(secret, site: "cross-site")
        #expect(foreign.status == .forbidden)
        #expect(!foreign.text.contains("radiology"))
        let wrongKey = try await self.bundle.get("/viewer/app-config.js", [.authorization: "Bearer no"])
        #expect(wrongKey.status == .unauthorized)
    }

    @Test(
        "is an unknown path without a configured viewer",
        arguments: ["/viewer/", "/viewer/a.js", "/viewer/app-config.js"]
    )
    func unconfigured(path: String) async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream())
        for headers in [[:], GatewayUnderTest.bearer] as [HTTPFields] {
            let answer = try await gateway.request(.get, path, headers: headers)
            let unknown = try await gateway.request(.get, "/nowhere/a.js", headers: headers)
            #expect(answer.status == unknown.status)
            #expect(try answer.problem().detail == unknown.problem().detail)
            #expect(answer.headers[.wwwAuthenticate] == unknown.headers[.wwwAuthenticate])
        }
    }

    @Test("sends a large file whole, a chunk at a time")
    func large() async throws {
        let folder = try TemporaryDirectory()
        let bytes = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try Data(bytes).write(to: URL(filePath: "\(folder.path)/large.wasm"))
        var gateway = self.bundle.gateway
        gateway.parts.viewer = ViewerFolder(path: folder.path)
        let answer = try await gateway.request(.get, "/viewer/large.wasm", headers: [:])
        #expect(Array(answer.body.readableBytesView) == bytes)
        #expect(ViewerFolder(path: folder.path).hasPage == false)
    }
}
