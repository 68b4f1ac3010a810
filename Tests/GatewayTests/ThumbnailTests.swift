import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Imaging
import Testing

@testable import Gateway

@Suite("GET …/thumbnail")
struct ThumbnailTests {
    static let paths = [
        "\(Sample.studyPath)/thumbnail", "\(Sample.studyPath)/series/\(Sample.series)/thumbnail",
        "\(Sample.instancePath)/thumbnail", "\(Sample.instancePath)/frames/1/thumbnail",
        "\(Sample.dicomweb)/thumbnail", "\(Sample.dicomweb)/series/\(Sample.series)/thumbnail",
        "\(Sample.dicomweb)/series/\(Sample.series)/instances/\(Sample.instance)/thumbnail",
        "\(Sample.dicomweb)/series/\(Sample.series)/instances/\(Sample.instance)/frames/1/thumbnail",
    ]

    /// A gateway with one study of one picture, and the upstream behind it; its pictures are kept between requests.
    static func gateway(
        _ instance: DataSet = Sample.instance()
    ) async throws -> (GatewayUnderTest, ScriptedUpstream) {
        let upstream = try await ScriptedUpstream.picturing(instance)
        var gateway = try await GatewayUnderTest(upstream).knowing([
            StudyEntry(Sample.study(), series: [(Sample.series(), 1)])
        ])
        gateway.parts.thumbnails = ThumbnailService(
            configuration: ImagingConfiguration(),
            upstream: ImagingUpstream(stores: gateway.parts.stores, catalog: gateway.parts.catalog),
            logger: GatewayUnderTest.quiet
        )
        return (gateway, upstream)
    }

    @Test("gives a small picture at every level of both trees, of one rendition of the store", arguments: paths)
    func levels(path: String) async throws {
        let (gateway, upstream) = try await Self.gateway()
        for size in ["", "?size=1", "?size=33&format=webp", "?size=1024&format=png"] {
            let answer = try await gateway.request(.get, path + size)
            #expect(answer.status == .ok, "\(size)")
            #expect(answer.headers[renditionHeader] == "preview")
            #expect(answer.headers[.cacheControl] == "private, no-cache")
            #expect(answer.headers[.vary] == "Authorization, Cookie, Origin, Accept")
            let kind = ImageFormat.Kind(ofFile: Array(answer.body.readableBytesView))
            #expect(answer.headers[.contentType] == kind?.mediaType)
        }
        #expect(upstream.log.requests.filter { $0.path.hasSuffix("/rendered") }.count == 1)
        // The service's own right is used, whoever asks: what is kept is for everybody who may see it.
        #expect(upstream.log.calls.allSatisfy { $0.principal == nil && $0.tier == .read })
    }

    @Test(
        "cases 49 and 53: who has lost the right a moment ago, or never had it, is refused, though the picture is in memory",
        arguments: paths
    )
    func lostRight(path: String) async throws {
        let (made, upstream) = try await Self.gateway()
        var gateway = made
        let judge = ScriptedJudge([Sample.study: .whole])
        gateway.parts.judge = judge
        let seen = try await gateway.request(.get, path)
        #expect(seen.status == .ok)
        let asked = upstream.log.requests.count
        let tag = try #require(seen.headers[.eTag])
        judge.revoke()
        var headers = GatewayUnderTest.bearer
        // Not even that it is still the same.
        for held in [nil, tag] {
            headers[.ifNoneMatch] = held
            let refused = try await gateway.request(.get, path, headers: headers)
            #expect(refused.status == .notFound)
            #expect(refused.headers[.eTag] == nil)
            #expect(refused.headers[.contentType] == "application/problem+json")
        }
        #expect(upstream.log.requests.count == asked)
        // The picture is there for who may see it.
        gateway.parts.judge = ScriptedJudge([Sample.study: .whole])
        #expect(try await gateway.request(.get, path).status == .ok)
        #expect(upstream.log.requests.count == asked)
    }

    @Test(
        "refuses what is no size, no format and no frame, and asks the store for nothing",
        arguments: [
            "?size=0", "?size=-1", "?size=1000000000", "?size=1e2", "?size=", "?size=64&size=64", "?size=0x40",
            "?size=%2064", "?format=gif", "?format=", "?window=40,400", "?quality=80", "?Size=64", "?size=1025",
        ]
    )
    func refusals(query: String) async throws {
        let (gateway, upstream) = try await Self.gateway()
        for path in Self.paths {
            let answer = try await gateway.request(.get, path + query)
            #expect(answer.status == .badRequest, "\(path)")
            #expect(try answer.problem().code == "invalid-input")
        }
        #expect(upstream.log.requests.isEmpty)
        let avif = HTTPFields([
            HTTPField(name: .authorization, value: "Bearer \(GatewayUnderTest.key)"),
            HTTPField(name: .accept, value: "image/avif"),
        ])
        let answer = try await gateway.request(.get, Self.paths[0], headers: avif)
        #expect(answer.status == .notAcceptable)
    }

    @Test(
        "a frame of another spelling is none, and one beyond the last is not there",
        arguments: ["0", "01", "1,1", "x", "2"]
    )
    func frames(frame: String) async throws {
        let (gateway, _) = try await Self.gateway()
        let answer = try await gateway.request(.get, "\(Sample.instancePath)/frames/\(frame)/thumbnail")
        #expect(answer.status == (frame == "2" ? .notFound : .badRequest))
    }

    @Test("DICOMweb's viewport and accept stand in for size and format there, and only there")
    func viewport() async throws {
        let (gateway, _) = try await Self.gateway()
        let query = "?viewport=100,40&accept=image/png"
        let answer = try await gateway.request(.get, "\(Sample.dicomweb)/thumbnail\(query)")
        #expect(answer.headers[.contentType] == "image/png")
        #expect(try await gateway.request(.get, "\(Sample.studyPath)/thumbnail\(query)").status == .badRequest)
        for query in ["?viewport=0,1", "?viewport=1", "?viewport=1,1,1", "?viewport=2000,1", "?viewport=a,b"] {
            #expect(try await gateway.request(.get, "\(Sample.dicomweb)/thumbnail\(query)").status == .badRequest)
        }
    }

    @Test("what browsers accept decides the format: WebP where it is named")
    func accepted() async throws {
        let (gateway, _) = try await Self.gateway()
        for (accept, type) in [
            ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/webp"), ("*/*", "image/jpeg"),
            ("image/png", "image/png"), ("image/webp;q=0.1, image/png;q=0.2", "image/png"),
        ] {
            var headers = GatewayUnderTest.bearer
            headers[.accept] = accept
            let answer = try await gateway.request(.get, Self.paths[0], headers: headers)
            #expect(answer.headers[.contentType] == type, "\(accept)")
        }
    }

    @Test("has a strong tag of its bytes, 304 and HEAD")
    func tags() async throws {
        let (gateway, _) = try await Self.gateway()
        let first = try await gateway.request(.get, Self.paths[0])
        let tag = try #require(first.headers[.eTag])
        #expect(tag == EntityTag(of: Array(first.body.readableBytesView)).text)
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = tag
        let again = try await gateway.request(.get, Self.paths[0], headers: headers)
        #expect(again.status == .notModified && again.body.readableBytes == 0)
        #expect(again.headers[renditionHeader] == "preview")
        let head = try await gateway.request(.head, Self.paths[0])
        #expect(head.headers[.eTag] == tag && head.body.readableBytes == 0)
    }

    @Test("a study and a series that are not there are not found")
    func missing() async throws {
        let (gateway, _) = try await Self.gateway()
        for path in [
            "/api/v1/stores/radiology/studies/1.9/thumbnail", "\(Sample.studyPath)/series/1.9/thumbnail",
            "/api/v1/stores/other/studies/1.9/thumbnail",
        ] {
            #expect(try await gateway.request(.get, path).status == .notFound, "\(path)")
        }
    }

    @Test("a hot picture is given without a question to the store, and no more once it was purged")
    func purge() async throws {
        let (gateway, upstream) = try await Self.gateway()
        _ = try await gateway.request(.get, Self.paths[0])
        let before = upstream.log
        _ = try await gateway.request(.get, Self.paths[0])
        #expect(upstream.log.requests.count == before.requests.count)
        #expect(upstream.log.searches.count == before.searches.count)
        let statistics = try await gateway.request(.get, "/api/v1/thumbnails/stats")
        #expect(statistics.text.contains(#""hits":{"memory":1,"disk":0,"derived":0,"icons":0}"#))
        #expect(try await gateway.request(.post, "/api/v1/thumbnails/purges").status == .noContent)
        _ = try await gateway.request(.get, Self.paths[0])
        #expect(upstream.log.requests.count > before.requests.count)
    }

    @Test("nobody without a key gets a picture that lies in memory")
    func unauthenticated() async throws {
        let (gateway, _) = try await Self.gateway()
        for path in Self.paths {
            _ = try await gateway.request(.get, path)
            #expect(try await gateway.request(.get, path, headers: [:]).status == .unauthorized)
        }
    }
}
