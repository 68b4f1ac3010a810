import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import Gateway
@testable import Webhooks

@Suite("conditions of /api/v1/webhooks")
struct WebhookConditionTests {
    private struct Shown: Decodable {
        let condition: Condition?

        struct Condition: Decodable, Equatable {
            let patients: [[String: String]]?
            let institution: [String]?
        }
    }

    private struct Faults: Decodable {
        let code: String
        let errors: [Fault]?

        struct Fault: Decodable {
            let place: String
            let problem: String
        }
    }

    private let hooks: WebhookGateway

    init() async throws { self.hooks = try await WebhookGateway() }

    private static let patient = #""condition":{"patients":[{"id":"MRN-1","issuer":"H"}]}"#

    private func shown(_ id: String) async throws -> Shown.Condition? {
        try WebhookGateway.decode(Shown.self, try await self.hooks.send(.get, "/\(id)")).condition
    }

    private func allow(_ ids: [String]) throws {
        let store = try #require(StoreName("radiology"))
        let rules = ids.enumerated().map { index, id in
            AccessRule(id: "r\(index)", .allow, .client(id: id), role: "receiver", on: .store(store))
        }
        try self.hooks.rule(rules, version: 1)
    }

    @Test("a condition is given, shown, changed and taken away, and stays where nothing is said of it")
    func changed() async throws {
        let id = try await self.hooks.active(",\(Self.patient)")
        let given = try #require(try await self.shown(id))
        #expect(given.patients == [["id": "MRN-1", "issuer": "H"]] && given.institution == nil)
        #expect(try await self.hooks.send(.get).text.contains(Self.patient))
        _ = try await self.hooks.send(.patch, "/\(id)", #"{"name":"B"}"#)
        #expect(try await self.shown(id) == given)
        let other = try await self.hooks.send(.patch, "/\(id)", #"{"condition":{"institution":["N*"]}}"#)
        #expect(other.status == .ok && other.text.contains(#""condition":{"institution":["N*"]}"#))
        for nothing in ["null", "{}"] {
            _ = try await self.hooks.send(.patch, "/\(id)", #"{"condition":{"institution":["N*"]}}"#)
            let gone = try await self.hooks.send(.patch, "/\(id)", #"{"condition":\#(nothing)}"#)
            #expect(gone.status == .ok && gone.text.contains(#""condition":null"#))
        }
        let plain = try await self.hooks.made(#","condition":null"#)
        #expect(try await self.shown(plain.id) == nil)
    }

    @Test("an endpoint hears of the studies that it asks for and may see, also of one that was deleted")
    func delivered() async throws {
        let asking = try await self.hooks.active(",\(Self.patient)")
        let other = try await self.hooks.active()
        let forbidden = try await self.hooks.active(",\(Self.patient)")
        try self.allow([asking, other])
        try await self.hooks.store("1.2.1")
        try await self.hooks.store("1.2.2", patient: "MRN-2")
        try await self.hooks.deliver()
        let store = try #require(StoreName("radiology"))
        for study in ["1.2.1", "1.2.2"] {
            _ = try await self.hooks.catalog.remove(try #require(StudyUID(study)), from: store, origin: .written)
        }
        try await self.hooks.deliver()
        func told(_ id: String) async throws -> [String] {
            let deliveries = try await self.hooks.send(.get, "/\(id)/deliveries").text
            return ["1.2.1", "1.2.2"].flatMap { study in
                ["study.created", "study.deleted"].filter {
                    deliveries.contains("\"type\":\"\($0)\",\"store\":\"radiology\",\"study\":\"\(study)\"")
                }
                .map { "\(study) \($0)" }
            }
        }
        #expect(try await told(asking) == ["1.2.1 study.created", "1.2.1 study.deleted"])
        #expect(try await told(other).count == 4)
        #expect(try await told(forbidden).isEmpty)
        #expect(self.hooks.receiver.messages.count == 6)
    }

    @Test("a study that is none of those asked for when its call is made is withheld")
    func withheld() async throws {
        let id = try await self.hooks.active(",\(Self.patient)")
        try self.allow([id])
        try await self.hooks.store("1.2.1")
        while try await self.hooks.engine.fanOut() > 0 {}
        try await self.hooks.store("1.2.1", patient: "MRN-9")
        try await self.hooks.deliver()
        #expect(self.hooks.receiver.messages.isEmpty)
        let deliveries = try await self.hooks.send(.get, "/\(id)/deliveries").text
        #expect(deliveries.contains(#""state":"withheld""#))
    }

    @Test(
        "a condition that cannot be is refused with all its faults, and makes and changes nothing",
        arguments: [
            (#"{"shoeSize":["9"]}"#, ["a member has an unknown name"]),
            (#"{"institution":[]}"#, ["a member is missing or has a value of a wrong kind"]),
            (#"[]"#, ["it is no JSON object"]), (#""x""#, ["it is no JSON object"]),
            (
                #"{"purposeOfUse":["TREAT"],"modality":["CT"],"dateFrom":"yesterday"}"#,
                [
                    "an endpoint asks for studies: purposes, hours and periods of requests are not for it",
                    "an endpoint hears of whole studies: it can ask for modalitiesInStudy, and not for modality or ownUploads",
                    "a date is YYYYMMDD",
                ]
            ),
        ]
    )
    func refused(condition: String, problems: [String]) async throws {
        let id = try await self.hooks.active(",\(Self.patient)")
        let settings = #"{"name":"B","url":"https://a.example/","condition":\#(condition)}"#
        for answer in [
            try await self.hooks.send(.post, "", settings),
            try await self.hooks.send(.patch, "/\(id)", #"{"condition":\#(condition)}"#),
        ] {
            #expect(answer.status == .badRequest)
            let faults = try WebhookGateway.decode(Faults.self, answer)
            #expect(faults.code == "invalid-input" && faults.errors?.map(\.problem) == problems)
            #expect(faults.errors?.allSatisfy { $0.place == "condition" } == true)
            #expect(!answer.text.contains("yesterday"))
        }
        #expect(try await self.hooks.engine.store.endpoints().count == 1)
        #expect(try await self.shown(id)?.patients?.count == 1)
    }

    @Test("a million conditions, and values without an end, are refused before they are looked at")
    func huge() async throws {
        func settings(_ values: String) -> String {
            #"{"name":"A","url":"https://a.example/","condition":{"accessionNumber":[\#(values)]}}"#
        }
        let many = Array(repeating: #""A""#, count: 1_000_000).joined(separator: ",")
        #expect(try await self.hooks.send(.post, "", settings(many)).status == .contentTooLarge)
        let long = "\"\(String(repeating: "A", count: 64 * 1_024))\""
        #expect(try await self.hooks.send(.post, "", settings(long)).status == .contentTooLarge)
        let distinct = (0...AccessPolicy.valuesMax).map { "\"A\($0)\"" }.joined(separator: ",")
        let answer = try await self.hooks.send(.post, "", settings(distinct))
        #expect(answer.status == .badRequest && answer.text.contains("more than 1000 values"))
    }
}
