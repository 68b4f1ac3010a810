import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import NIOCore
import Testing

@testable import Gateway

/// What an instance says of itself; only its links.
private struct Linked: Decodable {
    let links: Links

    struct Links: Decodable {
        let rendered: String?
        let document: String?
        let `self`: String
    }
}

private struct SignedPaths: Decodable {
    let links: [String]
}

@Suite("?links=signed")
struct SignedLinkTests {
    private let gateway: GatewayUnderTest

    init() async throws {
        let upstream = try await ScriptedUpstream.picturing(Sample.instance())
        self.gateway = try await GatewayUnderTest(upstream).knowing([]).knowingCallers()
    }

    private func link(_ path: String = "\(Sample.instancePath)?links=signed") async throws -> String {
        let answer = try await self.gateway.request(.get, path)
        #expect(answer.status == .ok)
        let body = try JSONDecoder().decode(Linked.self, from: Data(answer.body.readableBytesView))
        return try #require(body.links.rendered)
    }

    /// The links for the paths, made for the holder of the key.
    private func links(_ paths: [String]) async throws -> [String] {
        let answer = try await self.signing(JSONEncoder().encode(["paths": paths]))
        #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
        return try JSONDecoder().decode(SignedPaths.self, from: Data(answer.body.readableBytesView)).links
    }

    private func signing(_ body: Data) async throws -> TestResponse {
        let headers = GatewayUnderTest.bearer.with(.contentType, "application/json")
        return try await self.gateway.request(
            .post,
            "/api/v1/signed-links",
            headers: headers,
            body: ByteBuffer(bytes: body)
        )
    }

    private func look(
        _ link: String,
        _ method: HTTPRequest.Method = .get,
        headers: HTTPFields = [:]
    ) async throws -> HTTPResponse.Status {
        try await self.gateway.request(method, link, headers: headers).status
    }

    @Test("a picture's link needs no header, and is the same each time")
    func journey() async throws {
        let link = try await self.link()
        #expect(link.hasPrefix("\(Sample.instancePath)/rendered?signature="))
        let answer = try await self.gateway.request(.get, link, headers: [:])
        #expect(answer.status == .ok && answer.headers[.contentType] == "image/jpeg")
        #expect(answer.headers[.crossOriginResourcePolicy] == "cross-origin")
        #expect(try await self.look(link, .head) == .ok)
        #expect(try await self.link() == link)
        // The caller's cookie, which a browser adds by itself, is not looked at.
        #expect(try await self.look(link, headers: [.cookie: "collimator_session=x"]) == .ok)
        let tag = try #require(answer.headers[.eTag])
        #expect(try await self.look(link, headers: [.ifNoneMatch: tag]) == .notModified)
    }

    @Test("only pictures' links are signed, and only where that is asked for")
    func others() async throws {
        let plain = try await self.link(Sample.instancePath)
        #expect(plain == "\(Sample.instancePath)/rendered")
        let answer = try await self.gateway.request(.get, "\(Sample.instancePath)?links=signed")
        for other in ["file", "metadata", Sample.instance] { #expect(!answer.text.contains("/\(other)?signature=")) }
        for bad in ["links=", "links=plain", "links=signed&links=signed", "link=signed"] {
            let refused = try await self.gateway.request(.get, "\(Sample.instancePath)?\(bad)")
            #expect(refused.status == .badRequest, "\(bad)")
        }
    }

    @Test("every path of a picture or a document can be signed, in both trees and with its parameters")
    func paths() async throws {
        let tree = "\(Sample.dicomweb)/series/\(Sample.series)/instances/\(Sample.instance)"
        let paths = [
            "\(Sample.instancePath)/thumbnail?size=128&format=png", "\(Sample.instancePath)/frames/1/thumbnail",
            "\(Sample.instancePath)/rendered?width=10", "\(Sample.instancePath)/frames/1/rendered",
            "\(tree)/thumbnail?viewport=64,64", "\(tree)/frames/1/thumbnail", "\(tree)/rendered?viewport=64,64",
            "\(tree)/frames/1/rendered",
        ]
        let links = try await self.links(paths)
        #expect(links.count == paths.count)
        for (path, link) in zip(paths, links) {
            #expect(link.hasPrefix("\(path)\(path.contains("?") ? "&" : "?")signature="))
            let answer = try await self.gateway.request(.get, link, headers: [:])
            #expect(answer.status == .ok && answer.headers[.contentType]?.hasPrefix("image/") == true, "\(path)")
            // Another path, other parameters, and an address that is not signed.
            let signature = try #require(link.split(separator: "signature=").last)
            let bare = path.prefix { $0 != "?" }
            for other in ["\(bare)?size=64&signature=\(signature)", "\(bare)/?signature=\(signature)", String(path)] {
                #expect(try await self.look(other) == .unauthorized, "\(other)")
            }
        }
        #expect(try await self.links([paths[0], paths[0]]) == [links[0], links[0]])
    }

    @Test("nothing else can be signed")
    func strange() async throws {
        let long = "/dicomweb/\(String(repeating: "a", count: SignedLinksController.pathBytesMax - 18))/rendered"
        let bad = [
            "", "/", "/api/v1/me", "\(Sample.instancePath)/file", "\(Sample.instancePath)/rendered/",
            "/dicomweb/rendered",
            "/dicomweb//rendered", "https://other.test\(Sample.instancePath)/rendered", "/v1/projects/p/rendered",
            "\(Sample.instancePath)/rendered?", "\(Sample.instancePath)/rendered?a=ä",
            "\(Sample.instancePath)/rendered#a",
            "\(Sample.instancePath)/rendered\n", "\(Sample.instancePath)/ä/rendered", long,
        ]
        for path in bad {
            let answer = try await self.signing(JSONEncoder().encode(["paths": [path]]))
            #expect(answer.status == .badRequest, "\(path)")
        }
        #expect(long.utf8.count == SignedLinksController.pathBytesMax + 1)
        let longest = long.replacing("/dicomweb/a", with: "/dicomweb/")
        #expect(try await self.links([longest]).count == 1)
        for body in [
            "{}", #"{"paths":[]}"#, #"{"paths":null}"#, #"{"paths":[1]}"#, #"{"paths":"/dicomweb/a/rendered"}"#, "[]",
            #"{"paths":["/dicomweb/a/rendered"],"for":"ann"}"#,
        ] {
            #expect(try await self.signing(Data(body.utf8)).status == .badRequest, "\(body)")
        }
        let many = [String](repeating: "/dicomweb/a/rendered", count: SignedLinksController.pathsMax + 1)
        #expect(try await self.signing(JSONEncoder().encode(["paths": many])).status == .badRequest)
        #expect(try await self.links(Array(many.dropLast())).count == SignedLinksController.pathsMax)
        // Not without a caller, and not with a link in place of one.
        let link = try await self.links(["/dicomweb/a/rendered"])[0]
        let signature = try #require(link.split(separator: "?").last)
        #expect(try await self.look("/api/v1/signed-links?\(signature)", .post) == .unauthorized)
    }

    @Test("the document of a report is linked and can be signed; a picture has none")
    func documents() async throws {
        var report = Sample.instance()
        report.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.88.22")
        var finding = DataSet()
        finding.set(.valueType, "TEXT")
        finding.set(.textValue, "Nothing new.")
        report.set(.contentSequence, items: [finding])
        let upstream = try await ScriptedUpstream.picturing(report)
        let gateway = try await GatewayUnderTest(upstream).knowing([]).knowingCallers()
        let answer = try await gateway.request(.get, "\(Sample.instancePath)?links=signed")
        let body = try JSONDecoder().decode(Linked.self, from: Data(answer.body.readableBytesView))
        let link = try #require(body.links.document)
        #expect(body.links.rendered == nil && link.hasPrefix("\(Sample.instancePath)/document?signature="))
        let page = try await gateway.request(.get, link, headers: [:])
        #expect(page.status == .ok, "\(page.text)")
        #expect(page.headers[.contentType]?.hasPrefix("text/html") == true)
        #expect(page.headers[.contentSecurityPolicy] == "default-src 'none'; sandbox")
        let picture = try await self.gateway.request(.get, Sample.instancePath)
        #expect(picture.text.contains("\"document\":null"))
        var model = Sample.instance()
        model.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.104.3")
        #expect(!InstanceKind.hasDocument(model))
        model.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.104.1")
        #expect(InstanceKind.hasDocument(model))
    }

    // Cases 18, 27 and 42 of the abuse cases.
    @Test("a signature is good for reading its own address and nothing else")
    func bound() async throws {
        let link = try await self.link()
        let signature = try #require(link.split(separator: "?").last)
        let path = "\(Sample.instancePath)/rendered"
        for other in [
            "\(path)?width=10&\(signature)", "\(path)?\(signature)&width=10", "\(path)?\(signature)&\(signature)",
            "\(path)?\(signature)A", "\(path)?signature=", "\(path)?signature=AAAA", "\(path)?\(signature)&",
            "\(Sample.instancePath)/frames/1/rendered?\(signature)", "\(Sample.instancePath)/file?\(signature)",
            "\(Sample.instancePath)?\(signature)", "\(Sample.studyPath)?\(signature)", "/api/v1/me?\(signature)",
            "\(Sample.dicomweb)/rendered?\(signature)", "/nowhere?\(signature)", "/auth/sign-in-links?\(signature)",
            link.replacing("radiology", with: "other"),
        ] {
            #expect(try await self.look(other) == .unauthorized, "\(other)")
        }
        for method in [HTTPRequest.Method.post, .put, .delete, .patch] {
            #expect(try await self.look(link, method) == .unauthorized, "\(method)")
        }
        #expect(try await self.look(link, headers: GatewayUnderTest.bearer) == .badRequest)
    }

    // Case 42 of the abuse cases: rights and suspensions still decide.
    @Test("a link lets nobody see more than its caller may")
    func rights() async throws {
        let directory = self.gateway.parts.identity
        let administrator = try await self.gateway.parts.authenticator.authenticate(
            authorization: ["Bearer \(GatewayUnderTest.key)"]
        )
        let issued = try await directory.keys.create(APIKeys.Wish(id: "app", name: "x"), by: administrator)
        guard case .text(let text) = issued.shown else {
            Issue.record("the key is no text")
            return
        }
        let app = try await self.gateway.parts.authenticator.authenticate(authorization: ["Bearer \(text)"])
        let path = "\(Sample.instancePath)/rendered"
        let link = "\(path)?signature=\(try directory.links.signature(for: app, path: path, query: ""))"
        #expect(try await self.look(link) == .notFound)
        _ = try await directory.principals.suspend(app.principal, by: administrator)
        #expect(try await self.look(link) == .unauthorized)
        try await directory.principals.restore(app.principal)
        #expect(try await self.look(link) == .notFound)
        try await directory.keys.revoke("app")
        #expect(try await self.look(link) == .unauthorized)
    }
}
