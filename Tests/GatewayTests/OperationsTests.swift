import AccessControl
import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway
@testable import Identity

@Suite("/api/v1/operations")
struct OperationsTests {
    private static let path = "/api/v1/operations/cmFkaW9sb2d5LzQ3MTE"
    private static let upstreamPath = "\(CloudSample.dataset)/operations/4711"

    private static func gateway(_ operation: String) throws -> GatewayUnderTest {
        try GatewayUnderTest(cloud: ScriptedCloud(["GET \(self.upstreamPath)": (200, operation)]))
    }

    @Test(
        "tells how far an operation is",
        arguments: [
            ("", "running", "null"),
            (#","done":true,"response":{}"#, "succeeded", "null"),
            (#","done":true,"error":{"code":1,"message":"the upstream's words"}"#, "cancelled", "null"),
            (
                #","done":true,"error":{"code":5,"message":"the upstream's words"}"#, "failed",
                #"{"type":"urn:collimator:problem:not-found","title":"There is no such thing","code":"not-found"}"#
            ),
        ]
    )
    func state(end: String, state: String, error: String) async throws {
        let answer = try await Self.gateway(CloudSample.operation(end)).request(.get, Self.path)
        #expect(answer.status == .ok)
        #expect(answer.text.contains(#""state":"\#(state)""#))
        #expect(answer.text.contains(#""error":\#(error)"#))
        #expect(!answer.text.contains("the upstream's words"))
    }

    @Test(
        "an id that is none, or of a store that is not configured, is not found",
        arguments: [
            "4711", "cmFkaW9sb2d5", "cmFkaW9sb2d5LzQ3MTE=", "cmFkaW9sb2d5LzQ3MTF", "Y2FyZGlvbG9neS80NzEx",
            "cmFkaW9sb2d5Ly4u",
        ]
    )
    func badID(id: String) async throws {
        let cloud = ScriptedCloud([:])
        let answer = try await GatewayUnderTest(cloud: cloud).request(.get, "/api/v1/operations/\(id)")
        #expect(answer.status == .notFound)
        #expect(cloud.requests.isEmpty)
    }

    @Test("an id that can be read in two ways is 400", arguments: ["..", "%2E%2E", "cmFkaW9sb2d5LzQ3MTE%2F"])
    func doubtfulID(id: String) async throws {
        let cloud = ScriptedCloud([:])
        let answer = try await GatewayUnderTest(cloud: cloud).request(.get, "/api/v1/operations/\(id)")
        #expect(answer.status == .badRequest)
        #expect(cloud.requests.isEmpty)
    }

    @Test("an operation that the upstream does not have is not found, and a foreign one is no answer")
    func unknown() async throws {
        let missing = try await GatewayUnderTest(cloud: ScriptedCloud([:])).request(.get, Self.path)
        #expect(missing.status == .notFound)
        let other = CloudSample.operation(id: "4712")
        let foreign = try await Self.gateway(other).request(.get, Self.path)
        #expect(foreign.status == .badGateway)
    }

    @Test("lists the operations in the datasets of the stores, and goes on where it ended")
    func list() async throws {
        let operations = "\(CloudSample.dataset)/operations"
        let cloud = ScriptedCloud { request in
            let isFirst = request.query?.contains("pageToken") != true
            let body =
                isFirst
                ? #"{"operations":[\#(CloudSample.running)],"nextPageToken":"a b"}"#
                : #"{"operations":[\#(CloudSample.operation(method: "DeleteSeries", id: "9"))]}"#
            return .chunks([body], headers: [.contentType: "application/json"])
        }
        let gateway = try GatewayUnderTest(cloud: cloud)
        let first = try await gateway.request(.get, "/api/v1/operations?limit=1")
        #expect(first.status == .ok)
        #expect(first.text.contains(#""kind":"delete-study""#))
        let cursor = try #require(first.text.split(separator: #""nextCursor":""#).last?.split(separator: "\"").first)
        let second = try await gateway.request(.get, "/api/v1/operations?limit=1&store=radiology&cursor=\(cursor)")
        #expect(second.text.contains(#""kind":"delete-series""#))
        #expect(second.text.hasSuffix(#""nextCursor":null}"#))
        #expect(
            cloud.log == [
                "GET \(operations)?pageSize=1", "GET \(operations)?pageSize=1&pageToken=a%20b",
            ]
        )
    }

    @Test("an upstream that does not answer fails the list: a part is not shown as the whole")
    func listFails() async throws {
        let cloud = ScriptedCloud { _ in .chunks(["busy"], status: 503, headers: [.contentType: "text/html"]) }
        let answer = try await GatewayUnderTest(cloud: cloud).request(.get, "/api/v1/operations")
        #expect(answer.status == .serviceUnavailable)
        #expect(try answer.problem().code == "unavailable")
    }

    @Test(
        "refuses what it does not know",
        arguments: ["limit=0", "limit=201", "cursor=x", "cursor=AQ", "store=..", "state=running"]
    )
    func badQuery(query: String) async throws {
        let answer = try await GatewayUnderTest(cloud: ScriptedCloud([:])).request(.get, "/api/v1/operations?\(query)")
        #expect(answer.status == .badRequest)
    }

    @Test("a cancellation goes upstream and is answered with the operation")
    func cancellation() async throws {
        let cloud = ScriptedCloud([
            "GET \(Self.upstreamPath)": (200, CloudSample.running), "POST \(Self.upstreamPath):cancel": (200, "{}"),
        ])
        let answer = try await GatewayUnderTest(cloud: cloud).request(.post, "\(Self.path)/cancellations")
        #expect(answer.status == .accepted)
        #expect(answer.headers[.location] == Self.path)
        #expect(cloud.calls.map(\.tier) == [.read, .write, .read])
    }

    @Test("what has ended cannot be cancelled")
    func ended() async throws {
        let gateway = try Self.gateway(CloudSample.operation(#","done":true,"response":{}"#))
        let answer = try await gateway.request(.post, "\(Self.path)/cancellations")
        #expect(answer.status == .conflict)
    }

    @Test("events end with an operation that has ended")
    func events() async throws {
        let gateway = try Self.gateway(CloudSample.operation(#","done":true,"response":{}"#))
        let answer = try await gateway.request(.get, "\(Self.path)/events")
        #expect(answer.headers[.contentType] == "text/event-stream")
        #expect(answer.text.hasPrefix("event: operation\ndata: {\"id\""))
        #expect(answer.text.hasSuffix("}\n\n"))
        #expect(answer.text.split(separator: "event:").count == 1)
    }

    @Test("an operation of which the store is not known belongs to every store of the dataset")
    func ownership() throws {
        let dataset = try #require(DatasetName(CloudSample.dataset))
        let names = try ["a", "b"].map { try #require(StoreName($0)) }
        let ownership = OperationOwnership(ledger: OperationLedger(), judge: Authorizer())
        let mine = OperationOwnership.Question(
            caller: Caller(verified: .administrator, method: .administratorKey),
            permission: .operationsGet,
            stores: names
        )
        #expect(try ownership.store(of: "4711", in: dataset, mine) == nil)
        let json = try #require(CloudSample.parsed(CloudSample.running))
        ownership.ledger.note(json, in: names[1])
        #expect(try ownership.store(of: "4711", in: dataset, mine) == names[1])
        let stranger = OperationOwnership.Question(
            caller: Caller(verified: .client(id: "app"), method: .apiKey),
            permission: .operationsGet,
            stores: names
        )
        #expect(throws: CollimatorError.self) { try ownership.store(of: "4711", in: dataset, stranger) }
    }
}
