import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import NIOCore
import Persistence
import TestSupport
import Testing

@testable import Gateway

extension GatewayUnderTest {
    /// The same gateway with a file for its rules.
    func keepingRules() async throws -> GatewayUnderTest {
        var gateway = self
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/access.db", readerCount: 1))
        // The clock holds the folder as long as the store lives.
        let clock = WallClock { withExtendedLifetime(folder) { Date(timeIntervalSince1970: 1_790_000_000) } }
        let store = PolicyStore(database: database, authorizer: gateway.parts.authorizer, clock: clock)
        try await store.prepare()
        gateway.parts.policies = store
        return gateway
    }
}

/// A decision as a client reads it.
private struct Explained: Decodable {
    let outcome: String
    let reason: String
    let rule: String?
    let extent: String
    let series: [String]?
}

private struct KeyText: Decodable { let key: String }

private struct FaultsText: Decodable {
    let errors: [Fault]

    struct Fault: Decodable {
        let place: String
        let problem: String
    }
}

private struct ChangeText: Decodable {
    let version: Int
    let applied: Bool
    let added: [String]
    let removed: [String]
    let mayGain: [String]
    let mayLose: [String]
}

@Suite("/api/v1/access: rules and what follows from them")
struct PolicyRouteTests {
    private static let root = "/api/v1/access"
    private static let studies = "/api/v1/stores/radiology/studies"
    private let gateway: GatewayUnderTest
    private let key: String

    init() async throws {
        let entries = try ["1.2.1", "1.2.2"].map { study in
            try StudyEntry(
                Sample.study(uid: study),
                series: [
                    (Sample.series(uid: "\(study).1", modality: "CT"), 2),
                    (Sample.series(uid: "\(study).2", modality: "MR"), 1),
                ]
            )
        }
        let upstream = ScriptedUpstream(search: { _ in [] })
        self.gateway = try await GatewayUnderTest(upstream).knowing(entries).knowingCallers().keepingRules()
        let made = try await Self.send(self.gateway, .post, "\(Self.root)/keys", #"{"id":"app","name":"An app"}"#)
        self.key = try JSONDecoder().decode(KeyText.self, from: Data(made.body.readableBytesView)).key
    }

    private static func send(
        _ gateway: GatewayUnderTest,
        _ method: HTTPRequest.Method,
        _ path: String,
        _ json: String? = nil,
        key: String = GatewayUnderTest.key,
        match: String? = nil
    ) async throws -> TestResponse {
        var headers: HTTPFields = [.authorization: "Bearer \(key)"]
        if json != nil { headers[.contentType] = "application/json" }
        headers[.ifMatch] = match
        return try await gateway.request(method, path, headers: headers, body: json.map { ByteBuffer(string: $0) })
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ json: String? = nil,
        match: String? = nil
    ) async throws -> TestResponse {
        try await Self.send(self.gateway, method, "\(Self.root)/\(path)", json, match: match)
    }

    /// As the app whose rights are looked at.
    private func get(_ path: String) async throws -> TestResponse {
        try await Self.send(self.gateway, .get, path, key: self.key)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ answer: TestResponse) throws -> Value {
        try JSONDecoder().decode(type, from: Data(answer.body.readableBytesView))
    }

    private static func rule(
        _ id: String,
        _ effect: String = "allow",
        role: String = "viewer",
        on resource: String,
        more: String = ""
    ) -> String {
        """
        {"id":"\(id)","effect":"\(effect)","principal":"client:app","role":"\(role)","resource":"\(resource)"\(more)}
        """
    }

    private func explain(_ study: String) async throws -> Explained {
        let answer = try await self.send(
            .post,
            "explanations",
            """
            {"principal":"client:app","permission":"healthcare.dicomStores.dicomWebRead","store":"radiology",\
            "study":"\(study)"}
            """
        )
        #expect(answer.status == .ok)
        return try Self.decode(Explained.self, answer)
    }

    @Test("a rule on a study shows that study and no other, from the answer on until the rule is removed")
    func oneStudy() async throws {
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .notFound)
        let made = try await self.send(.post, "rules", Self.rule("one", on: "stores/radiology/studies/1.2.1"))
        #expect(made.status == .created)
        #expect(made.headers[.location] == "\(Self.root)/rules/one")
        let list = try await self.get("\(Self.studies)?total=exact")
        #expect(list.text.contains(#""uid":"1.2.1""#) && !list.text.contains("1.2.2"))
        #expect(list.text.contains(#""total":1"#))
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .ok)
        #expect(try await self.get("\(Self.studies)/1.2.2").status == .notFound)
        #expect(try await self.get("\(Self.studies)/1.2.3").status == .notFound)
        let dicomweb = try QIDOTests.rows(try await self.get("/dicomweb/radiology/studies"))
        #expect(dicomweb.map { $0.string(.studyInstanceUID) } == ["1.2.1"])
        #expect(try await self.explain("1.2.1").rule == "one")
        #expect(try await self.explain("1.2.1").outcome == "allowed")
        #expect(try await self.explain("1.2.2").outcome == "hidden")

        #expect(try await self.send(.delete, "rules/one", match: "*").status == .noContent)
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .notFound)
        #expect(try await !self.get(Self.studies).text.contains("1.2.1"))
        #expect(try await self.send(.delete, "rules/one", match: "*").status == .notFound)
        #expect(try await self.send(.get, "rules/one").status == .notFound)
    }

    @Test("a rule on a series shows that series of the study, and a denial beats what is allowed")
    func seriesAndDenial() async throws {
        let series = Self.rule("s", on: "stores/radiology/studies/1.2.1/series/1.2.1.1")
        #expect(try await self.send(.put, "rules/s", series, match: "*").status == .ok)
        #expect(try await self.get("\(Self.studies)/1.2.1").text.contains(#""scope":"series""#))
        let listed = try await self.get("\(Self.studies)/1.2.1/series")
        #expect(listed.text.contains("1.2.1.1") && !listed.text.contains("1.2.1.2"))
        let explained = try await self.explain("1.2.1")
        #expect(explained.extent == "series" && explained.series == ["1.2.1.1"])

        let all = Self.rule("all", on: "*")
        #expect(try await self.send(.post, "rules", all).status == .created)
        #expect(try await self.send(.post, "rules", all).status == .conflict)
        #expect(try await self.get("\(Self.studies)/1.2.2").status == .ok)
        let denial = Self.rule("no", "deny", on: "stores/radiology/studies/1.2.2")
        #expect(try await self.send(.post, "rules", denial).status == .created)
        #expect(try await self.get("\(Self.studies)/1.2.2").status == .notFound)
        #expect(try await !self.get(Self.studies).text.contains("1.2.2"))
        let denied = try await self.explain("1.2.2")
        #expect(denied.rule == "no" && denied.reason == "denied-by-rule")
    }

    @Test("the whole policy is replaced only by who knows which; a trial changes nothing")
    func whole() async throws {
        let policy = #"{"rules":[\#(Self.rule("one", on: "stores/radiology/studies/1.2.1"))]}"#
        #expect(try await self.send(.put, "policy", policy).status.code == 428)
        #expect(try await self.send(.put, "policy", policy, match: "7").status == .badRequest)
        #expect(try await self.send(.put, "policy?dryRun=perhaps", policy, match: "*").status == .badRequest)
        let tried = try await self.send(.put, "policy?dryRun=true", policy, match: "\"0\"")
        let trial = try Self.decode(ChangeText.self, tried)
        #expect(!trial.applied && trial.version == 0 && trial.added == ["one"] && trial.mayGain == ["client:app"])
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .notFound)

        let put = try await self.send(.put, "policy", policy, match: "\"0\"")
        #expect(put.status == .ok && put.headers[.eTag] == "\"1\"")
        #expect(try Self.decode(ChangeText.self, put).applied)
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .ok)
        #expect(try await self.send(.put, "policy", policy, match: "\"0\"").status == .preconditionFailed)
        let read = try await self.send(.get, "policy")
        #expect(read.headers[.eTag] == "\"1\"")
        #expect(read.text.contains(#""id":"one""#))
        let emptied = try await self.send(.put, "policy", "{}", match: "\"9\", \"1\"")
        #expect(try Self.decode(ChangeText.self, emptied).mayLose == ["client:app"])
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .notFound)

        // Seen as it was; and brought back from the version that was looked at, or not at all.
        let earlier = try await self.send(.get, "policy-versions/1")
        #expect(earlier.text == read.text && earlier.headers[.eTag] == "\"1\"")
        #expect(try await self.send(.get, "policy-versions/12").status == .notFound)
        let raced = try await self.send(.post, "policy-versions/1/restorations", match: "\"1\"")
        #expect(raced.status == .preconditionFailed)
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .notFound)
        #expect(try await self.send(.post, "policy-versions/1/restorations", match: "\"2\"").status == .created)
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .ok)
        #expect(try await self.send(.post, "policy-versions/12/restorations").status == .notFound)
        let versions = try await self.send(.get, "policy-versions?limit=2")
        #expect(versions.text.contains(#""version":3"#) && versions.text.contains(#""restored":1"#))
        #expect(!versions.text.contains(#""version":1,"#) && !versions.text.contains(#""nextCursor":null"#))
    }

    @Test("faults are listed and the rules in force stay; so with a lock-out")
    func faults() async throws {
        let faulty = #"{"rules":[\#(Self.rule("A B", role: "nobody", on: "*")),{"id":"x"}]}"#
        let form = try await self.send(.put, "policy", faulty, match: "*")
        #expect(form.status == .unprocessableContent)
        #expect(try Self.decode(FaultsText.self, form).errors.contains { $0.place == "rules[1]" })
        let named = try await self.send(.post, "rules", Self.rule("A B", role: "nobody", on: "*"))
        #expect(try Self.decode(FaultsText.self, named).errors.map(\.place) == ["rules[0]", "rules[0]"])
        let conditional = Self.rule("c", role: "editor", on: "*", more: #","condition":{"modality":["CT"]}"#)
        #expect(try await self.send(.put, "rules/c", conditional, match: "*").status == .unprocessableContent)
        #expect(try await self.send(.put, "rules/other", Self.rule("c", on: "*"), match: "*").status == .badRequest)
        #expect(try await self.send(.put, "rules/c", "[", match: "*").status == .badRequest)
        #expect(try await self.send(.get, "rules").text.contains(#""items":[]"#))

        let admin = Self.rule("admin", role: "administrator", on: "*")
        #expect(try await self.send(.post, "rules", admin).status == .created)
        let lockOut = try await self.send(.delete, "rules/admin", match: "*")
        #expect(lockOut.status == .unprocessableContent)
        #expect(try Self.decode(FaultsText.self, lockOut).errors.count == 1)
        #expect(try await self.send(.get, "rules/admin").status == .ok)
        // An administrator by rule changes rules, and sees no imaging.
        #expect(try await self.get("\(Self.root)/policy").status == .ok)
        #expect(try await self.get("\(Self.studies)/1.2.1").status == .notFound)
    }

    @Test("local groups give their members what rules give the group, and stay while a rule names them")
    func groups() async throws {
        #expect(try await self.send(.put, "groups/readers", #"{"members":["client:app"]}"#, match: "*").status == .ok)
        let rule = Self.rule("g", on: "*").replacing("client:app", with: "group:local/readers")
        #expect(try await self.send(.post, "rules", rule).status == .created)
        #expect(try await self.get("\(Self.studies)/1.2.2").status == .ok)
        #expect(try await self.send(.delete, "groups/readers", match: "*").status == .unprocessableContent)
        #expect(try await self.send(.put, "groups/readers", #"{"members":["client:other"]}"#, match: "*").status == .ok)
        #expect(try await self.get("\(Self.studies)/1.2.2").status == .notFound)
        #expect(try await self.send(.get, "groups").text.contains("client:other"))
        #expect(try await self.send(.delete, "rules/g", match: "*").status == .noContent)
        #expect(try await self.send(.delete, "groups/readers", match: "*").status == .noContent)
        #expect(try await self.send(.delete, "groups/readers", match: "*").status == .notFound)
    }

    @Test("who holds no right to the rules neither reads nor changes nor explains them")
    func forbidden() async throws {
        #expect(try await self.send(.post, "rules", Self.rule("see", on: "*")).status == .created)
        for (method, path) in [
            (HTTPRequest.Method.get, "policy"), (.put, "policy"), (.get, "rules"), (.post, "rules"),
            (.get, "rules/see"), (.delete, "rules/see"), (.get, "roles"), (.get, "groups"), (.get, "policy-versions"),
            (.get, "policy-versions/0"), (.post, "policy-versions/0/restorations"), (.post, "explanations"),
        ] {
            let answer = try await Self.send(self.gateway, method, "\(Self.root)/\(path)", key: self.key)
            #expect(answer.status == .forbidden, "\(method) \(path)")
        }
        let roles = try await self.send(.get, "roles")
        #expect(roles.text.contains(#""name":"viewer""#) && roles.text.contains("roles/healthcare.dicomViewer"))
    }
}
