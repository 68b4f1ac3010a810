import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

@testable import Gateway

/// A register that remembers the names in it.
private final class WrittenRegister: Sendable {
    private let written = Mutex<[String]>([])

    var names: [String] { self.written.withLock { $0 } }

    var register: StoreRegister {
        StoreRegister(
            add: { store in self.written.withLock { $0.append(store.name.rawValue) } },
            remove: { names in self.written.withLock { $0.removeAll { names.map(\.rawValue).contains($0) } } }
        )
    }
}

@Suite("/v1/projects/…: stores that come and go at the same time")
struct CloudStoresTests {
    /// A gateway whose cloud waits in one method until it is let go, and gives up where it is cancelled, as HTTP does.
    private struct Waiting {
        let gateway: GatewayUnderTest
        let cloud: ScriptedCloud
        let isAsked: AsyncStream<Void>
        let letGo: AsyncStream<Void>.Continuation

        init(at method: HTTPRequest.Method, register: WrittenRegister) throws {
            let (asked, ask) = AsyncStream.makeStream(of: Void.self)
            let (released, release) = AsyncStream.makeStream(of: Void.self)
            self.cloud = ScriptedCloud { request in
                if request.method == method {
                    ask.finish()
                    for await _ in released {}
                    try Task.checkCancellation()
                }
                return .chunks(["{}"], headers: [.contentType: "application/json"])
            }
            var parts = try GatewayUnderTest(cloud: self.cloud).parts
            parts.register = register.register
            self.gateway = GatewayUnderTest(parts: parts)
            (self.isAsked, self.letGo) = (asked, release)
        }
    }

    @Test("a store whose maker goes away in the middle is one of ours all the same")
    func makerGone() async throws {
        let register = WrittenRegister()
        let waiting = try Waiting(at: .post, register: register)
        let application = waiting.gateway.application
        try await application.test(.router) { client in
            let making = Task {
                try await client.execute(
                    uri: "/v1/\(CloudSample.dataset)/dicomStores?dicomStoreId=New_Store",
                    method: .post,
                    headers: GatewayUnderTest.bearer
                )
            }
            for await _ in waiting.isAsked {}
            making.cancel()
            waiting.letGo.finish()
            _ = try? await making.value
        }
        #expect(register.names == ["new-store"])
        #expect(waiting.gateway.parts.stores.all.map(\.name.rawValue) == ["new-store", "radiology"])
    }

    @Test("no store is made in a dataset that is being deleted, and no dataset deleted that one is being made in")
    func datasetTurns() async throws {
        let other = "projects/p/locations/l/datasets/other"
        let register = WrittenRegister()
        for (waitsAt, first, second) in [
            (
                HTTPRequest.Method.delete, (HTTPRequest.Method.delete, other),
                (.post, "\(other)/dicomStores?dicomStoreId=n")
            ),
            (.post, (.post, "\(other)/dicomStores?dicomStoreId=n"), (HTTPRequest.Method.delete, other)),
        ] {
            let waiting = try Waiting(at: waitsAt, register: register)
            // One application, because whose turn it is lives in it.
            try await waiting.gateway.application.test(.router) { client in
                @Sendable func request(_ method: HTTPRequest.Method, _ path: String) async throws -> TestResponse {
                    try await client.execute(uri: "/v1/\(path)", method: method, headers: GatewayUnderTest.bearer)
                }
                async let begun = request(first.0, first.1)
                for await _ in waiting.isAsked {}
                let refused = try await request(second.0, second.1)
                #expect(refused.status == .serviceUnavailable)
                #expect(refused.headers[.retryAfter] == "1")
                // Another dataset is not concerned.
                let elsewhere = try await request(.get, CloudSample.dataset)
                #expect(elsewhere.status == .ok)
                waiting.letGo.finish()
                let ended = try await begun
                let after = try await request(second.0, second.1)
                #expect(ended.status == .ok && after.status == .ok)
            }
        }
    }
}
