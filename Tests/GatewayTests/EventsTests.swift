import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("/api/v1/events")
struct EventsTests {
    private static let path = "/api/v1/events"

    private struct Page: Decodable {
        struct Event: Decodable {
            struct Payload: Decodable {
                let study: String?
            }
            let id: String
            let specversion: String
            let type: String
            let source: String
            let data: Payload
        }
        let items: [Event]
        let nextCursor: String
    }

    private let gateway: GatewayUnderTest

    /// A gateway whose feed tells of so many studies.
    private init(_ count: Int) async throws {
        let store = try TemporaryCatalog.store()
        try await store.prepare()
        let name = try #require(StoreName("radiology"))
        for index in 0..<count {
            let uid = "1.2.\(index + 1)"
            try await store.put([try StudyEntry(Sample.study(uid: uid))], in: name, origin: .written)
        }
        var gateway = try GatewayUnderTest(ScriptedUpstream())
        gateway.parts.catalog = StudyCatalog(store)
        self.gateway = gateway
    }

    init() async throws { try await self.init(7) }

    private func page(_ query: String) async throws -> Page {
        let answer = try await self.gateway.request(.get, "\(Self.path)\(query)")
        #expect(answer.status == .ok, "\(answer.text)")
        #expect(!answer.text.contains("Smith") && !answer.text.contains("MRN-1") && !answer.text.contains("A-77"))
        return try JSONDecoder().decode(Page.self, from: Data(answer.body.readableBytesView))
    }

    @Test("pages lead through every event once, and there is always a place to go on")
    func pages() async throws {
        let first = try await self.page("?limit=3")
        let second = try await self.page("?limit=3&after=\(first.nextCursor)")
        let third = try await self.page("?limit=3&after=\(second.nextCursor)")
        let fourth = try await self.page("?after=\(third.nextCursor)")
        let items = first.items + second.items + third.items
        #expect(items.map(\.data.study) == (1...7).map { "1.2.\($0)" })
        #expect(items.allSatisfy { $0.type == "study.created" && $0.specversion == "1.0" })
        #expect(items.allSatisfy { $0.source == "/api/v1/stores/radiology" && !$0.id.contains(".") })
        #expect(Set(items.map(\.id)).count == 7)
        #expect(fourth.items.isEmpty && fourth.nextCursor == third.nextCursor)
    }

    @Test("what is not asked for is passed over, and not looked at again")
    func filters() async throws {
        let none = try await self.page("?type=study.deleted&type=study.stable")
        let all = try await self.page("?type=study.created&store=radiology")
        #expect(none.items.isEmpty && all.items.count == 7)
        #expect(none.nextCursor == all.nextCursor)
    }

    @Test(
        "refuses what says nothing",
        arguments: [
            "limit=0", "limit=1001", "type=study.eaten", "type=", "after=", "after=x", "after=1", "after=-1-1",
            "after=1-01",
            "after=A-1", "after=1-9223372036854775808", "cursor=1-1", "store=nobody", "after=1-1&after=1-2",
        ]
    )
    func badQuery(query: String) async throws {
        for path in [Self.path, "\(Self.path)/stream"] {
            let answer = try await self.gateway.request(.get, "\(path)?\(query)")
            #expect(answer.status == .badRequest, "\(path)")
        }
    }

    @Test("a place that is not kept is 410, also for a stream")
    func gone() async throws {
        let page = try await self.page("")
        let beginning = try #require(page.nextCursor.split(separator: "-").first)
        for place in ["1-1", "\(beginning)-8"] {
            for path in [Self.path, "\(Self.path)/stream"] {
                let answer = try await self.gateway.request(.get, "\(path)?after=\(place)")
                #expect(answer.status == .gone)
                #expect(try answer.problem().code == "gone")
            }
        }
        var headers = GatewayUnderTest.bearer
        headers[HTTPField.Name.known("Last-Event-ID")] = "nonsense"
        let answer = try await self.gateway.request(.get, "\(Self.path)/stream", headers: headers)
        #expect(answer.status == .badRequest)
        // Two places are none.
        headers[HTTPField.Name.known("Last-Event-ID")] = page.nextCursor
        headers.append(HTTPField(name: HTTPField.Name.known("Last-Event-ID"), value: page.nextCursor))
        let twice = try await self.gateway.request(.get, "\(Self.path)/stream", headers: headers)
        #expect(twice.status == .badRequest)
    }

    @Test("an event is seen by those alone who may read what it is about")
    func visibility() async throws {
        let visibility = EventVisibility(authorizer: Authorizer())
        let events = try await self.gateway.parts.catalog.feed.events(after: nil, limit: 10).events
        #expect(events.count == 7)
        #expect(events.allSatisfy { visibility.isVisible($0, to: .administrator) })
        #expect(!events.contains { visibility.isVisible($0, to: .client(id: "app")) })
    }
}
