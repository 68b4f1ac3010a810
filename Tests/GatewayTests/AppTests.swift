import EmbeddedFiles
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /app/")
struct AppTests {
    private let gateway: GatewayUnderTest

    init() throws {
        self.gateway = try GatewayUnderTest(ScriptedUpstream())
    }

    @Test("leads there from the root and from its name without a slash", arguments: ["/", "/app"])
    func leads(path: String) async throws {
        let answer = try await self.gateway.request(.get, path, headers: [:])
        #expect(answer.status == .seeOther)
        #expect(answer.headers[.location] == "app/")
    }

    @Test("gives every file to everybody, under a policy that lets nothing foreign or inline run")
    func files() async throws {
        for name in AppFiles.byName.keys.map({ $0 == "index.html" ? "" : $0 }) {
            let answer = try await self.gateway.request(.get, "/app/\(name)", headers: [:])
            #expect(answer.status == .ok, "\(name)")
            #expect(answer.body.readableBytes > 100, "\(name)")
            let policy = try #require(answer.headers[.contentSecurityPolicy])
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
            #expect(!policy.contains("unsafe"))
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        }
    }

    @Test("answers 304 to a browser that has the file")
    func revalidation() async throws {
        let first = try await self.gateway.request(.get, "/app/app.css", headers: [:])
        let tag = try #require(first.headers[.eTag])
        let second = try await self.gateway.request(.get, "/app/app.css", headers: [.ifNoneMatch: tag])
        #expect(second.status == .notModified)
        #expect(second.body.readableBytes == 0)
        let other = try await self.gateway.request(.get, "/app/app.js", headers: [.ifNoneMatch: tag])
        #expect(other.status == .ok)
    }

    @Test("has no other files")
    func unknown() async throws {
        let answer = try await self.gateway.request(.get, "/app/none.js", headers: [:])
        #expect(answer.status == .notFound)
    }

    @Test(
        "case 32: refuses names that can be read in two ways",
        arguments: [
            "/app/..", "/app/%2e%2e", "/app/app.js%00", "/app/../../etc/passwd", "/app/%2e%2e%2fapp.js",
            "/app/..%5c..%5capp.js", "/app/\\app.js", "/app/%c0%ae%c0%ae/app.js", "/docs/../app/app.js",
        ]
    )
    func doubtful(path: String) async throws {
        let answer = try await self.gateway.request(.get, path, headers: [:])
        #expect(answer.status == .badRequest)
    }

    @Test("is in the program as it is in the sources, no file more and none less")
    func isComplete() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/CEmbeddedFiles/App").standardized.path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(names) == Set(AppFiles.byName.keys))
        for file in EmbeddedFile.page {
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(file.name)"))
            #expect(Array(bytes) == file.bytes, "\(file.name)")
        }
    }

    @Test("imports no module that is not there, and makes no markup out of text")
    func isSelfContained() {
        for file in EmbeddedFile.page where file.name.hasSuffix(".js") {
            for match in file.text.matches(of: /from "\.\/([a-z]+\.js)"/) {
                #expect(AppFiles.byName[String(match.1)] != nil, "\(file.name) imports \(match.1)")
            }
            for word in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://",
            ] {
                let isNamespace = word == "http://" && file.text.contains("http://www.w3.org/2000/svg")
                #expect(isNamespace || !file.text.contains(word), "\(file.name) has \(word)")
            }
        }
    }
}
