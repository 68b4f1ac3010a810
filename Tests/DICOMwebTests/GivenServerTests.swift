import DICOMweb
import Foundation
import TestSupport
import Testing

/// Where a server of one's own is, to run the surface against.
///
/// `DICOMWEB_TEST_URL` is its address and `DICOMWEB_TEST_TOKEN` a token where it asks for one. It must hold no sample
/// study, and keeps none.
private enum GivenServer {
    static let baseURL = ProcessInfo.processInfo.environment["DICOMWEB_TEST_URL"]
    static let token = ProcessInfo.processInfo.environment["DICOMWEB_TEST_TOKEN"]
}

@Suite("A given server", .enabled(if: GivenServer.baseURL != nil))
struct GivenServerTests {
    @Test("the whole surface works")
    func surface() async throws {
        let baseURL = try #require(GivenServer.baseURL)
        try await withDICOMwebClient(baseURL, authorization: { _ in GivenServer.token.map { "Bearer \($0)" } }) {
            try await DICOMwebSurface(client: $0).run()
        }
    }
}
