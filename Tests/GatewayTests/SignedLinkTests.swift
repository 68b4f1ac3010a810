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
        let `self`: String
    }
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
