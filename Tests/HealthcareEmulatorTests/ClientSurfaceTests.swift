import AsyncHTTPClient
import DICOMweb
import TestSupport
import Testing

@Suite("the DICOMweb client")
struct ClientSurfaceTests {
    @Test("finds its whole surface in the emulator")
    func surface() async throws {
        try await withEmulator(requiresToken: true) { server in
            let token = try await AuthenticationTests.token(server)
            let client = try DICOMwebClient(
                baseURL: "http://127.0.0.1:\(server.port)\(TestServer.dicomWeb)",
                httpClient: .shared,
                authorization: { _ in "Bearer \(token)" }
            )
            try await DICOMwebSurface(client: client).run()
        }
    }
}
