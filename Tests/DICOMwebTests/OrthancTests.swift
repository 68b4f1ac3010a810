import AsyncHTTPClient
import DICOMweb
import TestSupport
import Testing

@Suite("Orthanc", .enabled(if: OrthancServer.isInstalled), .timeLimit(.minutes(2)))
struct OrthancTests {
    @Test("the whole surface works but deletion and bodies of one file, which its plugin does not have")
    func surface() async throws {
        try await OrthancServer.withServer { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                try await DICOMwebSurface(
                    client: client,
                    offers: DICOMwebSurface.Offers(deletion: false, singlePartStore: false, allFields: false)
                ).run()
                let study = try #require(StudyUID("1.2"))
                await #expect(throws: DICOMwebError.badRequest(status: 405, code: nil)) {
                    try await client.delete(.study(study))
                }
                await #expect(throws: DICOMwebError.badRequest(status: 415, code: nil)) {
                    try await client.storeSinglePart(.bytes([1]))
                }
            }
        }
    }
}
