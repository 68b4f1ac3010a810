import CollimatorCore
import DICOMweb
import HTTPTypes
import HealthcareAPI
import Hummingbird
import Testing

@Suite("connection to a DICOM store")
struct DICOMStoreConnectionTests {
    @Test("the client asks below the store's own path, with the token of the source")
    func path() async throws {
        let server = FakeServer()
        let token = try FakeTiming().token("token-1")
        let store = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/größe"))
        try await server.run { _, _ in
            Response(status: .ok, headers: [.contentType: "application/octet-stream"], body: .init())
        } _: { address in
            let endpoint = try #require(ServiceAddress(address))
            let connections = UpstreamConnections()
            let client = try DICOMwebClient(
                store: store,
                endpoint: endpoint,
                tokens: .fixed(token),
                connections: connections
            )
            let response = try await client.exchange(RawRequest("GET", "/studies"))
            _ = try await response.body.collect(upTo: 1_024)
            try await connections.shutdown()
        }

        #expect(
            server.received.map(\.target) == [
                "/v1/projects/p/locations/l/datasets/d/dicomStores/gr%C3%B6%C3%9Fe/dicomWeb/studies"
            ]
        )
        #expect(server.received.first?.headers[.authorization] == "Bearer token-1")
    }
}
