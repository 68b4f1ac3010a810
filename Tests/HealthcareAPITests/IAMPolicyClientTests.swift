import CollimatorCore
import HTTPTypes
import HealthcareAPI
import Hummingbird
import Testing

@Suite("IAM policies of stores")
struct IAMPolicyClientTests {
    private let time = FakeTiming()
    private let server = FakeServer()
    private static let path = "/v1/projects/p/locations/l/datasets/d/dicomStores/s"
    private static let foreign = #"{"role":"roles/owner","members":["user:b@e.org"],"condition":{"expression":"x\"y"}}"#

    private static func policy(etag: String, _ bindings: String = foreign) -> Response {
        .json(#"{"version":3,"etag":"\#(etag)","bindings":[\#(bindings)]}"#)
    }

    private func withClient(
        answer: @escaping @Sendable (Int, FakeServer.Received) async throws -> Response,
        _ body: @escaping @Sendable (IAMPolicyClient, IAMResource) async throws -> Void
    ) async throws {
        let time = self.time
        let token = try time.token("token-1")
        let store = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        try await self.server.run(answer: answer) { address in
            guard let endpoint = ServiceAddress(address) else { return }
            let connections = UpstreamConnections()
            let client = IAMPolicyClient(
                endpoint: endpoint,
                tokens: AccessTokenSource { _ in token },
                connections: connections,
                timing: time.timing
            )
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(client, .store(store)))
            } catch {
                outcome = .failure(error)
            }
            try await connections.shutdown()
            try outcome.get()
        }
    }

    /// Adds a role to a policy.
    private static func adding(_ policy: IAMPolicy) -> IAMPolicy? {
        var policy = policy
        policy.bindings.append(IAMBinding(role: "roles/viewer", members: ["user:a@e.org"]))
        return policy
    }

    @Test("are changed with the etag that was read, all else as it was, and again where others were quicker")
    func change() async throws {
        try await self.withClient { number, request in
            switch number {
            case 0: Self.policy(etag: "one")
            case 1: .json(#"{"error":{"code":409,"status":"ABORTED"}}"#, status: .conflict)
            case 2: Self.policy(etag: "two")
            default: .json(request.body.replacing(#"{"policy":"#, with: "").replacing("}]}}", with: "}]}"))
            }
        } _: { client, store in
            let after = try await client.change(store, Self.adding)
            #expect(after.bindings.map(\.role) == ["roles/owner", "roles/viewer"])
            #expect(after.bindings.first?.condition?.expression == "x\"y")
        }
        let read = "GET \(Self.path):getIamPolicy?options.requestedPolicyVersion=3"
        let written = "POST \(Self.path):setIamPolicy"
        #expect(self.server.received.map { "\($0.method) \($0.target)" } == [read, written, read, written])
        #expect(
            self.server.received.last?.body
                == #"{"policy":{"version":3,"etag":"two","bindings":[\#(Self.foreign),"#
                + #"{"role":"roles/viewer","members":["user:a@e.org"]}]}}"#
        )
    }

    @Test("are not written where there is nothing to do")
    func nothing() async throws {
        try await self.withClient { _, _ in
            Self.policy(etag: "one")
        } _: { client, store in
            let after = try await client.change(store) { _ in nil }
            #expect(after.etag == "one")
        }
        #expect(self.server.received.count == 1)
    }

    @Test("are given up after a few times")
    func contention() async throws {
        try await self.withClient { _, request in
            request.method == "GET" ? Self.policy(etag: "one") : .json("{}", status: .conflict)
        } _: { client, store in
            let error = await #expect(throws: CollimatorError.self) { try await client.change(store, Self.adding) }
            #expect(error?.code == .conflict)
        }
        #expect(self.server.received.count == 2 * IAMPolicyClient.changesMax)
    }

    @Test(
        "that cannot be read or safely changed are not written",
        arguments: [
            "[]", #"{"bindings":[]}"#, #"{"etag":"e","bindings":[{"members":[]}]}"#,
            #"{"etag":"e","bindings":[{"role":"r","members":[7]}]}"#,
            #"{"etag":"e","bindings":[{"role":"r","condition":{}}]}"#,
        ]
    )
    func unreadable(text: String) async throws {
        try await self.withClient { _, _ in
            .json(text)
        } _: { client, store in
            let error = await #expect(throws: CollimatorError.self) { try await client.change(store, Self.adding) }
            #expect(error?.code == .upstreamInvalid)
        }
        #expect(self.server.received.count == 1)
    }

    @Test("of a dataset that the credential may not read are nil for who asks so, and a failure else")
    func forbidden() async throws {
        let dataset = try #require(DatasetName("projects/p/locations/l/datasets/d"))
        try await self.withClient { _, _ in
            .json("{}", status: .forbidden)
        } _: { client, _ in
            let found = try await client.findIfAllowed(.dataset(dataset))
            #expect(found == nil)
            let error = await #expect(throws: CollimatorError.self) { try await client.find(.dataset(dataset)) }
            #expect(error?.code == .upstreamInvalid)
        }
        let path = "/v1/projects/p/locations/l/datasets/d:getIamPolicy?options.requestedPolicyVersion=3"
        #expect(self.server.received.allSatisfy { $0.target == path })
    }

    @Test("of a store that is not there are not found")
    func absent() async throws {
        try await self.withClient { _, _ in
            .json("{}", status: .notFound)
        } _: { client, store in
            let error = await #expect(throws: CollimatorError.self) { try await client.find(store) }
            #expect(error?.code == .notFound)
        }
    }
}
