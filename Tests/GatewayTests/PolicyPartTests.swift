import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import Gateway

@Suite("/api/v1/access/{rules,roles,groups}/{name}: nobody overwrites what they have not seen")
struct PolicyPartTests {
    private let gateway: GatewayUnderTest

    init() async throws {
        self.gateway = try await GatewayUnderTest(ScriptedUpstream()).knowingCallers().keepingRules()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ json: String? = nil,
        match: String? = nil
    ) async throws -> TestResponse {
        var headers = GatewayUnderTest.bearer
        if json != nil { headers[.contentType] = "application/json" }
        headers[.ifMatch] = match
        return try await self.gateway.request(
            method,
            "/api/v1/access/\(path)",
            headers: headers,
            body: json.map { ByteBuffer(string: $0) }
        )
    }

    private static let parts = [
        (
            "rules/r", #"{"effect":"allow","principal":"client:a","role":"viewer","resource":"*"}"#,
            #"{"effect":"allow","principal":"client:b","role":"viewer","resource":"*"}"#
        ),
        ("groups/g", #"{"members":["client:a"]}"#, #"{"members":["client:b"]}"#),
        (
            "roles/own", #"{"permissions":["healthcare.dicomStores.get"]}"#,
            #"{"summary":"more","permissions":["healthcare.dicomStores.list"]}"#
        ),
    ]

    @Test("a part is changed and removed only by who says from which state", arguments: parts)
    func conditional(path: String, first: String, second: String) async throws {
        #expect(try await self.send(.get, path).status == .notFound)
        #expect(try await self.send(.put, path, first).status.code == 428)
        #expect(try await self.send(.put, path, first, match: #""another""#).status == .preconditionFailed)
        #expect(try await self.send(.put, path, first, match: "bare").status == .badRequest)
        let made = try await self.send(.put, path, first, match: "*")
        #expect(made.status == .ok)
        let seen = try #require(made.headers[.eTag])
        let read = try await self.send(.get, path)
        #expect(read.headers[.eTag] == seen)

        let changed = try await self.send(.put, path, second, match: "\"x\", \(seen)")
        #expect(changed.status == .ok)
        let now = try #require(changed.headers[.eTag])
        #expect(now != seen)
        #expect(try await self.send(.put, path, first, match: seen).status == .preconditionFailed)
        #expect(try await self.send(.delete, path).status.code == 428)
        #expect(try await self.send(.delete, path, match: seen).status == .preconditionFailed)
        #expect(try await self.send(.get, path).headers[.eTag] == now)
        #expect(try await self.send(.delete, path, match: now).status == .noContent)
        #expect(try await self.send(.delete, path, match: "*").status == .notFound)
    }

    @Test("the tag of a new rule is that of the rule as it is read")
    func created() async throws {
        let rule = #"{"id":"r","effect":"deny","principal":"client:a","role":"viewer","resource":"*"}"#
        let made = try await self.send(.post, "rules", rule)
        #expect(made.status == .created)
        let read = try await self.send(.get, "rules/r")
        #expect(made.headers[.eTag] != nil && made.headers[.eTag] == read.headers[.eTag])
    }

    @Test("a part can be made only where there is none yet")
    func onlyNew() async throws {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/json"
        headers[.ifNoneMatch] = "*"
        let path = "/api/v1/access/groups/g"
        for expected in [HTTPResponse.Status.ok, .preconditionFailed] {
            let body = ByteBuffer(string: #"{"members":["client:a"]}"#)
            let answer = try await self.gateway.request(.put, path, headers: headers, body: body)
            #expect(answer.status == expected)
        }
        headers[.ifNoneMatch] = "\"tag\""
        let body = ByteBuffer(string: #"{"members":["client:a"]}"#)
        #expect(try await self.gateway.request(.put, path, headers: headers, body: body).status == .badRequest)
    }

    @Test("predefined roles are read, and neither replaced nor removed")
    func predefined() async throws {
        let viewer = try await self.send(.get, "roles/viewer")
        #expect(viewer.text.contains(#""predefined":true"#) && viewer.text.contains("roles/healthcare.dicomViewer"))
        let change = #"{"permissions":["healthcare.dicomStores.get"]}"#
        #expect(try await self.send(.put, "roles/viewer", change, match: "*").status == .unprocessableContent)
        #expect(try await self.send(.delete, "roles/viewer", match: "*").status == .conflict)
        #expect(try await self.send(.get, "roles").text.contains(#""name":"administrator""#))
    }

    @Test("a role that a rule names stays")
    func namedRole() async throws {
        let role = #"{"permissions":["healthcare.dicomStores.dicomWebRead"]}"#
        #expect(try await self.send(.put, "roles/own", role, match: "*").status == .ok)
        let rule = #"{"id":"r","effect":"allow","principal":"client:a","role":"own","resource":"*"}"#
        #expect(try await self.send(.post, "rules", rule).status == .created)
        #expect(try await self.send(.delete, "roles/own", match: "*").status == .unprocessableContent)
        #expect(try await self.send(.get, "roles/own").status == .ok)
    }
}
