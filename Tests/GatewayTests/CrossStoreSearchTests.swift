import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("GET /api/v1/studies and POST /api/v1/studies/search")
struct CrossStoreSearchTests {
    private static let json: HTTPFields = {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/json"
        return headers
    }()

    /// A store with some studies, whose identifiers tell the store.
    private static func store(_ number: Int, count: Int) -> ScriptedUpstream {
        ScriptedUpstream(search: { search in
            let all = (0..<count).map { Sample.study(uid: "\(number).\($0)") }
            return Array(all.dropFirst(search.offset).prefix(search.limit))
        })
    }

    private static func uids(_ answer: TestResponse) -> [String] {
        answer.text.matches(of: /"uid":"([0-9.]+)"/).map { String($0.output.1) }
    }

    private static func cursor(_ answer: TestResponse) -> String? {
        answer.text.firstMatch(of: /"nextCursor":"([^"]+)"/).map { String($0.output.1) }
    }

    @Test("goes through the stores in the order of their names, page by page", arguments: [1, 2, 3, 5, 50])
    func pages(limit: Int) async throws {
        var stores: [String: ScriptedUpstream] = [:]
        // One is empty, and there are more than are asked at once.
        for (number, count) in [3, 0, 1, 4, 2, 0, 2].enumerated() {
            stores["s\(number)"] = Self.store(number + 1, count: count)
        }
        let gateway = try GatewayUnderTest(stores: stores)
        var uids: [String] = []
        var cursor: String?
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await gateway.request(.get, "/api/v1/studies?limit=\(limit)\(next)")
            #expect(answer.status == .ok)
            uids += Self.uids(answer)
            cursor = Self.cursor(answer)
            #expect(answer.text.contains(#""total":\#(cursor == nil ? "12" : "null"),"complete":true"#))
        } while cursor != nil
        #expect(uids == ["1.0", "1.1", "1.2", "3.0", "4.0", "4.1", "4.2", "4.3", "5.0", "5.1", "7.0", "7.1"])
    }

    @Test("a page full from the first stores asks no others")
    func laziness() async throws {
        var stores: [String: ScriptedUpstream] = [:]
        for number in 0..<6 { stores["s\(number)"] = Self.store(number + 1, count: 3) }
        let gateway = try GatewayUnderTest(stores: stores)
        let answer = try await gateway.request(.get, "/api/v1/studies?limit=2")
        #expect(Self.uids(answer) == ["1.0", "1.1"])
        #expect(stores["s4"]?.log.searches.isEmpty == true)
    }

    @Test("a store that fails makes the search fail, with the layer named; what was not reached does not")
    func failingStore() async throws {
        let broken = ScriptedUpstream(search: { _ in throw DICOMwebError.unavailable(retryAfter: nil) })
        let gateway = try GatewayUnderTest(stores: ["a": Self.store(1, count: 2), "b": broken])
        let refused = try await gateway.request(.get, "/api/v1/studies")
        #expect(refused.status == .serviceUnavailable)
        #expect(try refused.problem().detail?.contains("DICOM store") == true)
        #expect(!refused.text.contains("1.0"))
        let reached = try await gateway.request(.get, "/api/v1/studies?limit=1")
        #expect(Self.uids(reached) == ["1.0"])
        let named = try await gateway.request(.get, "/api/v1/studies?store=a")
        #expect(Self.uids(named) == ["1.0", "1.1"])
    }

    @Test("a store that is not there upstream is a fault behind the service, not a missing page")
    func missingStore() async throws {
        let missing = ScriptedUpstream(search: { _ in throw DICOMwebError.notFound })
        let gateway = try GatewayUnderTest(stores: ["a": Self.store(1, count: 2), "b": missing])
        let answer = try await gateway.request(.get, "/api/v1/studies")
        #expect(answer.status == .badGateway)
    }

    @Test("takes stores by name, and tells an unknown one like one that is hidden")
    func storeNames() async throws {
        let gateway = try GatewayUnderTest(
            stores: ["a": Self.store(1, count: 1), "b": Self.store(2, count: 1), "c": Self.store(3, count: 1)]
        )
        let two = try await gateway.request(.get, "/api/v1/studies?store=c&store=a")
        #expect(Self.uids(two) == ["1.0", "3.0"])
        for name in ["d", "", "A", "..%2F"] {
            let unknown = try await gateway.request(.get, "/api/v1/studies?store=a&store=\(name)")
            #expect(unknown.status == .badRequest)
        }
    }

    @Test("a cursor of other stores is refused")
    func foreignCursor() async throws {
        let gateway = try GatewayUnderTest(stores: ["a": Self.store(1, count: 3), "b": Self.store(2, count: 3)])
        let first = try await gateway.request(.get, "/api/v1/studies?limit=1")
        let cursor = try #require(Self.cursor(first))
        let other = try await gateway.request(.get, "/api/v1/studies?limit=1&store=a&cursor=\(cursor)")
        #expect(other.status == .badRequest)
        let same = try await gateway.request(.get, "/api/v1/studies?limit=1&cursor=\(cursor)")
        #expect(Self.uids(same) == ["1.1"])
    }

    @Test("takes the filters in a body, keeps nothing and links nowhere")
    func body() async throws {
        let upstream = Self.store(1, count: 3)
        let gateway = try GatewayUnderTest(stores: ["a": upstream, "b": Self.store(2, count: 3)])
        let text = #"{"patientName":"smi","store":["a"],"limit":2,"from":"2026-01-05"}"#
        let answer = try await gateway.request(
            .post,
            "/api/v1/studies/search",
            headers: Self.json,
            body: ByteBuffer(string: text)
        )
        #expect(answer.status == .ok)
        #expect(Self.uids(answer) == ["1.0", "1.1"])
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.headers[.eTag] == nil)
        #expect(answer.headers[values: .known("Link")].isEmpty)
        #expect(
            upstream.log.searches.first?.matches == [
                UpstreamSearch.Match(.patientName, "smi"), UpstreamSearch.Match(.studyDate, "20260105-99991231"),
            ]
        )
        let cursor = try #require(Self.cursor(answer))
        let next = try await gateway.request(
            .post,
            "/api/v1/studies/search",
            headers: Self.json,
            body: ByteBuffer(string: text.dropLast() + #","cursor":"\#(cursor)"}"#)
        )
        #expect(Self.uids(next) == ["1.2"])
    }

    @Test(
        "refuses a body that is not what it should be, and asks the upstream nothing",
        arguments: [
            ("", 400), ("[]", 400), ("{", 400), ("null", 400), (#"{"colour":"red"}"#, 400), (#"{"limit":"5"}"#, 400),
            (#"{"limit":0}"#, 400), (#"{"limit":1.5}"#, 400), (#"{"patientId":5}"#, 400), (#"{"patientId":null}"#, 400),
            (#"{"patientId":["a"]}"#, 400), (#"{"store":[1]}"#, 400), (#"{"store":"nowhere"}"#, 400),
            (#"{"patientId":"a","patientId":"b"}"#, 400), (#"{"modality":["CT"]}"#, 400), (#"{"cursor":"x"}"#, 400),
            (#"{"patientId":"a\u0000b"}"#, 400), (#"{"x":\#(String(repeating: "[", count: 99))"#, 400),
            ("\"" + String(repeating: "a", count: 70_000) + "\"", 413),
        ]
    )
    func bodyRefusals(text: String, status: Int) async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            "/api/v1/studies/search",
            headers: Self.json,
            body: ByteBuffer(string: text)
        )
        #expect(answer.status.code == status)
        #expect(try answer.problem().detail != nil)
        #expect(upstream.log.searches.isEmpty)
    }

    @Test("refuses a body of another media type", arguments: ["text/plain", "", "application/jsonx"])
    func mediaType(type: String) async throws {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = type
        let answer = try await GatewayUnderTest(ScriptedUpstream()).request(
            .post,
            "/api/v1/studies/search",
            headers: headers,
            body: ByteBuffer(string: "{}")
        )
        #expect(answer.status == .unsupportedMediaType)
    }
}
