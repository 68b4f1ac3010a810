import Cryptography
import EmbeddedFiles
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import Yams

@testable import Gateway

@Suite("GET /docs")
struct DocumentationPageTests {
    private let html: String
    private let document: APIDocument

    init() throws {
        self.html = String(decoding: try DocumentationPage.embedded.get(), as: UTF8.self)
        self.document = try APIDocument.embedded()
    }

    @Test("is open, not cached without asking, and may load nothing")
    func answer() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        let answer = try await gateway.request(.get, "/docs", headers: [:])
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
        #expect(answer.headers[.cacheControl] == "no-cache")
        let policy = try #require(answer.headers[.contentSecurityPolicy])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
        let tag = try #require(answer.headers[.eTag])
        let again = try await gateway.request(.get, "/docs", headers: [.ifNoneMatch: tag])
        #expect(again.status == .notModified)
    }

    @Test("has a style of exactly the hash that its policy names")
    func styleHash() throws {
        let start = try #require(self.html.range(of: "<style>")?.upperBound)
        let end = try #require(self.html.range(of: "</style>")?.lowerBound)
        let hash = Data(SHA256.hash(self.html[start..<end].utf8)).base64EncodedString()
        #expect(DocumentationPage.contentSecurityPolicy.contains("'sha256-\(hash)'"))
    }

    @Test("has no script, no style of an element and nothing from elsewhere")
    func selfContained() {
        for word in ["<script", "<img", "<iframe", "<link", "@import", "url(", " style=", " onclick", "javascript:"] {
            #expect(!self.html.contains(word), "\(word)")
        }
        #expect(!self.html.contains("href=\"http"))
    }

    @Test("has an anchor for every operation and schema, and for every link within it")
    func anchors() {
        let identifiers = Set(Self.values(of: "id", in: self.html))
        for operation in self.document.operations {
            #expect(identifiers.contains(operation.identifier), "\(operation.identifier)")
        }
        for (name, _) in self.document.members(self.document.root["components"]?["schemas"]) {
            #expect(identifiers.contains("schema-\(name)"), "\(name)")
        }
        let links = Self.values(of: "href", in: self.html).filter { $0.hasPrefix("#") }
        #expect(links.count > 100)
        for link in Set(links) { #expect(identifiers.contains(String(link.dropFirst())), "\(link)") }
        #expect(Self.values(of: "id", in: self.html).count == identifiers.count)
    }

    @Test("shows a line for the shell for each operation")
    func curlLines() throws {
        let lines = Dictionary(
            uniqueKeysWithValues: self.document.operations.map {
                ($0.identifier, CurlLine($0, in: self.document).text)
            }
        )
        #expect(lines["health"] == "curl \"$HOST\"'/healthz'")
        #expect(
            lines["listStores"] == "curl -H \"Authorization: Bearer $KEY\" \"$HOST\"'/api/v1/stores'"
        )
        let study = try #require(lines["deleteStudy"])
        #expect(study.hasPrefix("curl -X DELETE -H "))
        #expect(study.contains("/api/v1/stores/radiology/studies/2.25."))
        for (name, line) in lines { #expect(!line.contains("{") || line.contains("--data"), "\(name): \(line)") }
        for line in lines.values { #expect(self.html.contains(HTMLText.escaped(line))) }
    }

    @Test(
        "turns prose into HTML and lets no markup through",
        arguments: [
            ("a\nb", "<p>a b</p>"), ("a\n\nb", "<p>a</p>\n<p>b</p>"),
            ("- a\n- b\n  c", "<ul><li>a</li><li>b c</li></ul>"),
            ("`<b>` & c", "<p><code>&lt;b&gt;</code> &amp; c</p>"), ("a ` b", "<p>a ` b</p>"),
            ("```\nx <y>\n```\nz", "<pre>x &lt;y&gt;</pre>\n<p>z</p>"), ("<script>", "<p>&lt;script&gt;</p>"), ("", ""),
        ]
    )
    func prose(text: String, expected: String) {
        #expect(HTMLText.prose(text) == expected)
    }

    @Test(
        "shows examples as JSON",
        arguments: [
            (
                "{a: 1, b: [x, 'true'], c: null, d: '2026-01-05'}",
                "{\n  \"a\": 1,\n  \"b\": [\"x\", \"true\"],\n  \"c\": null,\n  \"d\": \"2026-01-05\"\n}"
            ),
            (
                "{a: {}, b: [], c: true, d: 'say \"x\"'}",
                "{\n  \"a\": {},\n  \"b\": [],\n  \"c\": true,\n  \"d\": \"say \\\"x\\\"\"\n}"
            ),
        ]
    )
    func examples(yaml: String, expected: String) throws {
        let node = try #require(try compose(yaml: yaml))
        #expect(ExampleText.text(node) == expected)
    }

    @Test("refuses a document that is no mapping")
    func brokenDocument() {
        #expect(throws: (any Error).self) { try APIDocument(parsing: "- a\n- b") }
        #expect(throws: (any Error).self) { try APIDocument(parsing: "a: [") }
        #expect(throws: (any Error).self) { try APIDocument(parsing: "") }
    }

    /// The values of an attribute, in their order.
    private static func values(of attribute: String, in html: String) -> [String] {
        html.split(separator: " \(attribute)=\"").dropFirst().compactMap { rest in
            rest.split(separator: "\"").first.map { String($0) }
        }
    }
}
