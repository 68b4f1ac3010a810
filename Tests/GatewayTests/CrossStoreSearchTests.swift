import Catalog
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

    /// A gateway whose stores hold as many studies as said, a day each, and one study that all of them have.
    private static func gateway(_ counts: [String: Int]) async throws -> GatewayUnderTest {
        var gateway = try GatewayUnderTest(stores: counts.mapValues { _ in ScriptedUpstream() })
        for (number, (store, count)) in counts.sorted(by: { $0.key < $1.key }).enumerated() {
            let entries = try (0..<count).map { index in
                var study = Sample.study(uid: index == 0 ? "1.0" : "1.\(number).\(index)")
                study.set(.studyDate, "2026010\(index + 1)")
                return try StudyEntry(study)
            }
            gateway = try await gateway.knowing(entries, in: store)
        }
        return gateway
    }

    private static func keys(_ answer: TestResponse) -> [String] {
        answer.text.matches(of: /"key":"([a-z0-9.\/]+)"/).map { String($0.output.1) }
    }

    private static func cursor(_ answer: TestResponse) -> String? {
        answer.text.firstMatch(of: /"nextCursor":"([^"]+)"/).map { String($0.output.1) }
    }

    @Test("lists the studies of every store in one order, page by page", arguments: [1, 2, 3, 50])
    func pages(limit: Int) async throws {
        let gateway = try await Self.gateway(["a": 3, "b": 0, "c": 2])
        var keys: [String] = []
        var cursor: String?
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await gateway.request(.get, "/api/v1/studies?sort=date&limit=\(limit)\(next)")
            #expect(answer.status == .ok)
            #expect(answer.text.contains(#""total":5,"complete":true"#))
            keys += Self.keys(answer)
            cursor = Self.cursor(answer)
        } while cursor != nil
        // The same UID in two stores is two items.
        #expect(Set(keys.prefix(2)) == ["a/1.0", "c/1.0"])
        #expect(Set(keys.dropFirst(2).prefix(2)) == ["a/1.0.1", "c/1.2.1"])
        #expect(keys.last == "a/1.0.2")
        #expect(keys.count == 5)
    }

    @Test("is incomplete as long as one of the stores is")
    func incomplete() async throws {
        let gateway = try await GatewayUnderTest(stores: ["a": ScriptedUpstream(), "b": ScriptedUpstream()])
            .knowing([try StudyEntry(Sample.study())], in: "a")
        let all = try await gateway.request(.get, "/api/v1/studies")
        #expect(all.text.contains(#""total":1,"totalIsLowerBound":true,"complete":false"#))
        let known = try await gateway.request(.get, "/api/v1/studies?store=a")
        #expect(known.text.contains(#""total":1,"complete":true"#))
    }

    @Test("takes stores by name, and tells an unknown one like one that is hidden")
    func storeNames() async throws {
        let gateway = try await Self.gateway(["a": 1, "b": 1, "c": 1])
        let two = try await gateway.request(.get, "/api/v1/studies?store=c&store=a")
        #expect(Set(Self.keys(two)) == ["a/1.0", "c/1.0"])
        for name in ["d", "", "A", "..%2F"] {
            let unknown = try await gateway.request(.get, "/api/v1/studies?store=a&store=\(name)")
            #expect(unknown.status == .badRequest)
        }
    }

    @Test("a cursor of other stores is refused, in one store too")
    func foreignCursor() async throws {
        let gateway = try await Self.gateway(["a": 3, "b": 3])
        let first = try await gateway.request(.get, "/api/v1/studies?limit=1")
        let cursor = try #require(Self.cursor(first))
        for path in ["/api/v1/studies?limit=1&store=a&", "/api/v1/stores/a/studies?limit=1&"] {
            let other = try await gateway.request(.get, "\(path)cursor=\(cursor)")
            #expect(other.status == .badRequest)
        }
        let same = try await gateway.request(.get, "/api/v1/studies?limit=1&cursor=\(cursor)")
        #expect(Self.keys(same).count == 1)
        #expect(Self.keys(same) != Self.keys(first))
    }

    @Test("takes the filters in a body, keeps nothing and links nowhere")
    func body() async throws {
        let gateway = try await Self.gateway(["a": 3, "b": 3])
        let text =
            #"{"patientName":"smi","store":["a"],"limit":2,"from":"2026-01-01","studyUid":["1.0","1.0.1","1.0.2"]}"#
        let answer = try await gateway.request(
            .post,
            "/api/v1/studies/search",
            headers: Self.json,
            body: ByteBuffer(string: text)
        )
        #expect(answer.status == .ok)
        #expect(Self.keys(answer) == ["a/1.0.2", "a/1.0.1"])
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.headers[.eTag] == nil)
        #expect(answer.headers[values: .known("Link")].isEmpty)
        let cursor = try #require(Self.cursor(answer))
        let next = try await gateway.request(
            .post,
            "/api/v1/studies/search",
            headers: Self.json,
            body: ByteBuffer(string: text.dropLast() + #","cursor":"\#(cursor)"}"#)
        )
        #expect(Self.keys(next) == ["a/1.0"])
    }

    @Test(
        "refuses a body that is not what it should be",
        arguments: [
            ("", 400), ("[]", 400), ("{", 400), ("null", 400), (#"{"colour":"red"}"#, 400), (#"{"limit":"5"}"#, 400),
            (#"{"limit":0}"#, 400), (#"{"limit":1.5}"#, 400), (#"{"patientId":5}"#, 400), (#"{"patientId":null}"#, 400),
            (#"{"patientId":["a"]}"#, 400), (#"{"store":[1]}"#, 400), (#"{"store":"nowhere"}"#, 400),
            (#"{"patientId":"a","patientId":"b"}"#, 400), (#"{"modality":["C*"]}"#, 400), (#"{"cursor":"x"}"#, 400),
            (#"{"patientId":"a\u0000b"}"#, 400), (#"{"x":\#(String(repeating: "[", count: 99))"#, 400),
            (#"{"sort":"colour"}"#, 400), (#"{"total":true}"#, 400),
            ("\"" + String(repeating: "a", count: 70_000) + "\"", 413),
        ]
    )
    func bodyRefusals(text: String, status: Int) async throws {
        let answer = try await GatewayUnderTest(ScriptedUpstream()).request(
            .post,
            "/api/v1/studies/search",
            headers: Self.json,
            body: ByteBuffer(string: text)
        )
        #expect(answer.status.code == status)
        #expect(try answer.problem().detail != nil)
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
