import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /dicomweb/…/rendered and the cache of pictures")
struct DICOMwebPictureTests {
    private static let instance = "\(Sample.dicomweb)/series/\(Sample.series)/instances/\(Sample.instance)"

    private static func renditions(_ upstream: ScriptedUpstream) -> [UpstreamRequest] {
        upstream.log.requests.filter { $0.path.hasSuffix("/rendered") }
    }

    private static func get(
        _ client: some TestClientProtocol,
        _ uri: String,
        accept: String? = nil
    ) async throws -> TestResponse {
        var headers = GatewayUnderTest.bearer
        headers[.accept] = accept
        return try await client.execute(uri: uri, method: .get, headers: headers)
    }

    @Test(
        "the store is asked once for a picture, whichever tree it is wished for in",
        arguments: [
            ("", "", "image/jpeg"), ("?viewport=64,32", "?width=64&height=32", "*/*"), ("", "", "image/png"),
            ("?accept=image/png", "?format=png", "image/*"),
        ]
    )
    func once(query: String, other: String, accept: String) async throws {
        let upstream = try await ScriptedUpstream.picturing(Sample.instance())
        try await GatewayUnderTest(upstream).application.test(.router) { client in
            let first = try await Self.get(client, "\(Self.instance)/rendered\(query)", accept: accept)
            #expect(first.status == .ok)
            #expect(first.headers[renditionHeader] == "preview")
            #expect(first.headers[.eTag]?.hasPrefix("\"") == true)
            let again = try await Self.get(client, "\(Self.instance)/rendered\(query)", accept: accept)
            let there = try await Self.get(client, "\(Sample.instancePath)/rendered\(other)", accept: accept)
            #expect(again.body == first.body && there.body == first.body)
            #expect(there.headers[.eTag] == first.headers[.eTag])
            var held = GatewayUnderTest.bearer
            held[.accept] = accept
            held[.ifNoneMatch] = first.headers[.eTag]
            let same = try await client.execute(uri: "\(Self.instance)/rendered\(query)", method: .get, headers: held)
            #expect(same.status == .notModified)
        }
        #expect(Self.renditions(upstream).count == 1)
    }

    @Test("a frame is kept too; a frame beyond the last is none")
    func frames() async throws {
        var instance = Sample.instance()
        instance.set(.numberOfFrames, 3)
        let upstream = try await ScriptedUpstream.picturing(instance)
        try await GatewayUnderTest(upstream).application.test(.router) { client in
            for _ in 0..<2 {
                let answer = try await Self.get(client, "\(Self.instance)/frames/3/rendered")
                #expect(answer.status == .ok)
            }
            let beyond = try await Self.get(client, "\(Self.instance)/frames/4/rendered")
            #expect(beyond.status == .notFound)
        }
        #expect(Self.renditions(upstream).map { $0.path.hasSuffix("/frames/3/rendered") } == [true])
    }

    @Test(
        "what is not kept is passed through each time: several frames, parts, large boxes, what is no image",
        arguments: [
            ("frames/1,2/rendered", nil, "2"), ("rendered", #"multipart/related; type="image/jpeg""#, "2"),
            ("rendered?viewport=5000,10", nil, "2"), ("rendered?viewport=0,10", nil, "2"), ("rendered", nil, "88.33"),
        ] as [(String, String?, String)]
    )
    func passed(path: String, accept: String?, sopClass: String) async throws {
        var instance = Sample.instance()
        instance.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.\(sopClass)")
        instance.set(.numberOfFrames, 3)
        let upstream = try await ScriptedUpstream.picturing(instance)
        try await GatewayUnderTest(upstream).application.test(.router) { client in
            for _ in 0..<2 {
                let answer = try await Self.get(client, "\(Self.instance)/\(path)", accept: accept)
                #expect(answer.status == .ok && answer.headers[.eTag] == nil)
                #expect(answer.headers[renditionHeader] == "preview")
            }
        }
        #expect(Self.renditions(upstream).count == 2)
    }
}
