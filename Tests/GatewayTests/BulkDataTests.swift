import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("/dicomweb/{store}/…/bulkdata")
struct BulkDataTests {
    private static let instance = "\(Sample.dicomweb)/series/\(Sample.series)/instances/\(Sample.instance)"

    @Test(
        "parts of any type are asked for by name where the server is not the Healthcare API",
        arguments: [
            (#"multipart/related; type="*/*""#, #"multipart/related; type="application/octet-stream""#),
            (#"multipart/related; type="image/jpeg""#, #"multipart/related; type="image/jpeg""#), ("*/*", "*/*"),
        ]
    )
    func anyPart(accept: String, asked: String) async throws {
        let body = "--b\r\nContent-Type: application/octet-stream\r\n\r\none\r\n--b--\r\n"
        let answered = "multipart/related; type=\"application/octet-stream\"; boundary=b"
        let upstream = ScriptedUpstream(exchange: { _ in .chunks([body], headers: [.contentType: answered]) })
        var gateway = try GatewayUnderTest(upstream)
        var headers = GatewayUnderTest.bearer
        headers[.accept] = accept
        _ = try await gateway.request(.get, "\(Self.instance)/bulkdata/7FE00010", headers: headers)
        #expect(upstream.log.requests.last?.headers[.accept] == accept)
        let name = try #require(StoreName("radiology"))
        gateway.parts.stores = StoreDirectory([GatewayStore(name: name, resource: nil, upstream: upstream.upstream)])
        _ = try await gateway.request(.get, "\(Self.instance)/bulk/7fe00010", headers: headers)
        #expect(upstream.log.requests.last?.headers[.accept] == asked)
    }
}
