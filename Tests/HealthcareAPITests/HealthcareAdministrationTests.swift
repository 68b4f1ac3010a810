import CollimatorCore
import HTTPTypes
import HealthcareAPI
import Hummingbird
import Synchronization
import Testing

private let operationText = "projects/p/locations/l/datasets/d/operations/17"

@Suite("administration of datasets and stores")
struct HealthcareAdministrationTests {
    private let time = FakeTiming()
    private let server = FakeServer()

    /// Runs the body with a client whose tokens are `token-1` and, after a refusal, `token-2`.
    private func withClient(
        answer: @escaping @Sendable (Int, FakeServer.Received) async throws -> Response,
        _ body: @escaping @Sendable (HealthcareAdministration) async throws -> Void
    ) async throws {
        let time = self.time
        let first = try time.token("token-1")
        let second = try time.token("token-2")
        try await self.server.run(answer: answer) { address in
            guard let endpoint = ServiceAddress(address) else { return }
            let connections = UpstreamConnections()
            let client = HealthcareAdministration(
                endpoint: endpoint,
                tokens: AccessTokenSource { refreshing in refreshing ? second : first },
                connections: connections,
                timing: time.timing
            )
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(client))
            } catch {
                outcome = .failure(error)
            }
            try await connections.shutdown()
            try outcome.get()
        }
    }

    private var dataset: DatasetName {
        get throws { try #require(DatasetName("projects/p/locations/l/datasets/d")) }
    }

    @Test("what is there is not made")
    func present() async throws {
        let dataset = try self.dataset
        let store = try #require(DICOMStoreName(dataset: dataset, store: "größe"))
        try await self.withClient { _, _ in
            .json("{}")
        } _: { client in
            try await client.createDatasetIfAbsent(dataset)
            try await client.createStoreIfAbsent(store)
        }

        #expect(
            self.server.received.map { "\($0.method) \($0.target)" } == [
                "GET /v1/projects/p/locations/l/datasets/d",
                "GET /v1/projects/p/locations/l/datasets/d/dicomStores/gr%C3%B6%C3%9Fe",
            ]
        )
        #expect(self.server.received[0].headers[.authorization] == "Bearer token-1")
    }

    @Test("a dataset is there only when its operation has ended")
    func datasetMade() async throws {
        let dataset = try self.dataset
        try await self.withClient { number, received in
            switch (number, received.method) {
            case (0, _): .json("{}", status: .notFound)
            case (_, "POST"): .json(#"{"name":"\#(operationText)"}"#)
            case (4, _): .json(#"{"name":"\#(operationText)","done":true,"response":{}}"#)
            default: .json(#"{"name":"\#(operationText)"}"#)
            }
        } _: { client in
            try await client.createDatasetIfAbsent(dataset)
        }

        #expect(
            self.server.received.map { "\($0.method) \($0.target)" } == [
                "GET /v1/projects/p/locations/l/datasets/d",
                "POST /v1/projects/p/locations/l/datasets?datasetId=d",
                "GET /v1/\(operationText)", "GET /v1/\(operationText)", "GET /v1/\(operationText)",
            ]
        )
    }

    @Test("an operation that failed is a failure")
    func datasetFailed() async throws {
        let dataset = try self.dataset
        try await self.withClient { number, _ in
            number == 0
                ? .json("{}", status: .notFound)
                : .json(#"{"name":"\#(operationText)","done":true,"error":{"code":7,"message":"MRN-1"}}"#)
        } _: { client in
            let error = await #expect(throws: CollimatorError.self) { try await client.createDatasetIfAbsent(dataset) }
            #expect(error?.code == .upstreamInvalid)
            #expect(error?.description.contains("MRN-1") == false)
        }
    }

    @Test("who comes second finds the store made")
    func race() async throws {
        let store = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        try await self.withClient { number, _ in
            .json("{}", status: number == 0 ? .notFound : .conflict)
        } _: { client in
            try await client.createStoreIfAbsent(store)
        }

        #expect(self.server.received.last?.target == "/v1/projects/p/locations/l/datasets/d/dicomStores?dicomStoreId=s")
    }

    @Test("a refused token is replaced once")
    func refusedToken() async throws {
        let dataset = try self.dataset
        try await self.withClient { _, received in
            .json("{}", status: received.headers[.authorization] == "Bearer token-2" ? .ok : .unauthorized)
        } _: { client in
            try await client.createDatasetIfAbsent(dataset)
        }
        #expect(self.server.received.count == 2)

        try await self.withClient { _, _ in
            .json("{}", status: .unauthorized)
        } _: { client in
            let error = await #expect(throws: CollimatorError.self) { try await client.createDatasetIfAbsent(dataset) }
            #expect(error?.code == .upstreamInvalid)
        }
        #expect(self.server.received.count == 4)
    }

    @Test("an operation tells its state and its counters")
    func operation() async throws {
        let name = try #require(OperationName(operationText))
        try await self.withClient { _, _ in
            .json(
                """
                {"name":"\(operationText)","metadata":{"counter":{"success":"12","failure":"1"}},"done":true,\
                "error":{"code":1,"message":"x"}}
                """
            )
        } _: { client in
            let operation = try await client.operation(name)
            #expect(operation.state == .failed(code: 1))
            #expect(operation.counter == HealthcareOperation.Counter(success: 12, failure: 1, pending: 0))
        }
    }

    @Test("waiting for an operation has an end")
    func waiting() async throws {
        let name = try #require(OperationName(operationText))
        try await self.withClient { _, _ in
            .json(#"{"name":"\#(operationText)"}"#)
        } _: { client in
            let error = await #expect(throws: CollimatorError.self) {
                try await client.waitForOperation(name, timeout: .seconds(60))
            }
            #expect(error?.code == .upstreamTimeout)
        }

        #expect(self.time.slept.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(self.time.slept.max() == .seconds(10))
    }

    @Test(
        "an answer that is not what was asked for is refused",
        arguments: ["", "[]", "{}", #"{"name":"projects/p/locations/l/datasets/d/operations/18"}"#]
    )
    func otherOperation(text: String) async throws {
        let name = try #require(OperationName(operationText))
        try await self.withClient { _, _ in
            .json(text)
        } _: { client in
            let error = await #expect(throws: CollimatorError.self) { try await client.operation(name) }
            #expect(error?.code == .upstreamInvalid)
        }
    }

    @Test(
        "names of operations",
        arguments: [
            (operationText, true), (operationText + "/", false), (operationText + "..", false),
            ("projects/p/locations/l/datasets/d/operations/", false), ("operations/17", false),
            ("projects/p/locations/l/datasets/d/operations/1%2F2", false),
            ("projects/../locations/l/datasets/d/operations/1", false),
        ]
    )
    func names(text: String, isName: Bool) {
        #expect((OperationName(text) != nil) == isName)
    }
}
