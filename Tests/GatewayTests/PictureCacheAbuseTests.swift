import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Imaging
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("Pictures that are kept, and abuse")
struct PictureCacheAbuseTests {
    /// Nothing of what is said here is part of what a picture is kept under.
    private static let strangeHeaders: [(String, String)] = [
        ("X-Forwarded-Host", "evil.test"), ("X-Original-URL", "/other"), ("Accept-Language", "fr"),
        ("User-Agent", "x"), ("Viewport-Width", "1"), ("Save-Data", "on"),
    ]

    @Test("case 50: one picture however its wish is spelled, and no other for what is not part of the wish")
    func sameWish() async throws {
        let (gateway, upstream) = try await ThumbnailTests.gateway()
        for path in ThumbnailTests.paths {
            let first = try await gateway.request(.get, "\(path)?size=64&format=png")
            let tag = try #require(first.headers[.eTag])
            var headers = GatewayUnderTest.bearer
            for (name, value) in Self.strangeHeaders { headers[try #require(HTTPField.Name(name))] = value }
            for query in ["?format=png&size=64", "?size=33&format=png", "?size=64&format=png"] {
                let answer = try await gateway.request(.get, path + query, headers: headers)
                #expect(answer.headers[.eTag] == tag && answer.body == first.body, "\(path)\(query)")
            }
            headers[.accept] = "image/png"
            let accepted = try await gateway.request(.get, "\(path)?size=64", headers: headers)
            #expect(accepted.headers[.eTag] == tag && accepted.body == first.body)
        }
        #expect(upstream.log.requests.filter { $0.path.hasSuffix("/rendered") }.count == 1)
    }

    @Test("case 50: kinds, qualities and frames are never given for one another, in any order")
    func otherWishes() async throws {
        var instance = Sample.instance()
        instance.set(.numberOfFrames, 2)
        let (gateway, upstream) = try await ThumbnailTests.gateway(instance)
        let path = "\(Sample.instancePath)/rendered"
        let queries = [
            "?format=jpeg&quality=5", "?format=jpeg&quality=95", "?format=webp&quality=5", "?format=webp&quality=95",
            "?format=png",
        ]
        var tags: [String: String] = [:]
        for query in queries {
            let answer = try await gateway.request(.get, path + query)
            let kind = ImageFormat.Kind(ofFile: Array(answer.body.readableBytesView))
            #expect(kind?.mediaType == answer.headers[.contentType], "\(query)")
            let tag = try #require(answer.headers[.eTag])
            tags[query] = tag
        }
        #expect(Set(tags.values).count == queries.count)
        for query in queries.reversed() {
            #expect(try await gateway.request(.get, path + query).headers[.eTag] == tags[query], "\(query)")
        }
        for frame in [1, 2] {
            _ = try await gateway.request(.get, "\(Sample.instancePath)/frames/\(frame)/thumbnail")
            let last = try #require(upstream.log.requests.last)
            #expect(last.path.hasSuffix("/frames/\(frame)/rendered"))
        }
        let asked = upstream.log.requests.count
        for frame in ["01", "%31", "1%2e", "+1", "1.0"] {
            let refused = try await gateway.request(.get, "\(Sample.instancePath)/frames/\(frame)/thumbnail")
            #expect(refused.status == .badRequest, "\(frame)")
        }
        #expect(upstream.log.requests.count == asked)
    }

    @Test("case 51: no answer lets a shared cache keep it, and none sets a cookie", arguments: ThumbnailTests.paths)
    func sharedCaches(path: String) async throws {
        let (gateway, _) = try await ThumbnailTests.gateway()
        let whole = try await gateway.request(.get, path)
        let tag = try #require(whole.headers[.eTag])
        var held = GatewayUnderTest.bearer
        held[.ifNoneMatch] = tag
        let head = try await gateway.request(.head, path)
        let same = try await gateway.request(.get, path, headers: held)
        #expect(same.status == .notModified)
        for answer in [whole, head, same] {
            #expect(answer.headers[.cacheControl] == "private, no-cache")
            #expect(answer.headers[.vary] == "Authorization, Cookie, Origin, Accept")
            #expect(answer.headers[.setCookie] == nil)
        }
        let anonymous = try await gateway.request(.get, path, headers: [:])
        let bad = try await gateway.request(.get, "\(path)?size=0")
        for answer in [anonymous, bad] {
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.setCookie] == nil && answer.headers[.eTag] == nil)
        }
    }

    @Test("case 52: what comes with a failure is no picture, though it looks like one", arguments: [429, 500, 503])
    func failures(status: Int) async throws {
        let isMended = Mutex(false)
        let file = try await ScriptedUpstream.file(.png)
        let upstream = ScriptedUpstream(exchange: { request in
            if request.path.hasSuffix("/metadata") { return .metadata(Sample.instance()) }
            let answer = UpstreamResponse.whole(file, type: "image/png")
            guard !isMended.withLock({ $0 }) else { return answer }
            return UpstreamResponse(status: status, headers: answer.headers, body: answer.body)
        })
        var gateway = try GatewayUnderTest(upstream)
        gateway.parts.thumbnails = ThumbnailService(
            configuration: ImagingConfiguration(),
            upstream: ImagingUpstream(stores: gateway.parts.stores, catalog: gateway.parts.catalog),
            logger: GatewayUnderTest.quiet
        )
        let path = "\(Sample.instancePath)/thumbnail"
        for _ in 0..<2 {
            let refused = try await gateway.request(.get, path)
            #expect(refused.status.code >= 429)
            #expect(refused.headers[.contentType] == "application/problem+json")
            #expect(refused.headers[.cacheControl] == "no-store" && refused.headers[.eTag] == nil)
        }
        #expect(upstream.log.requests.filter { $0.path.hasSuffix("/rendered") }.count == 1)
        isMended.withLock { $0 = true }
        // Forgets the failure too.
        #expect(try await gateway.request(.post, "/api/v1/thumbnails/purges").status == .noContent)
        #expect(try await gateway.request(.get, path).status == .ok)
    }

    @Test("a store that says nothing is waited for as long as for any small answer, once for all who ask")
    func silence() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            if request.path.hasSuffix("/metadata") { return .metadata(Sample.instance()) }
            throw CollimatorError(.upstreamTimeout, "test: nothing for a minute")
        })
        var gateway = try GatewayUnderTest(upstream)
        gateway.parts.thumbnails = ThumbnailService(
            configuration: ImagingConfiguration(),
            upstream: ImagingUpstream(stores: gateway.parts.stores, catalog: gateway.parts.catalog),
            logger: GatewayUnderTest.quiet
        )
        for size in [64, 256, 1024] {
            let answer = try await gateway.request(.get, "\(Sample.instancePath)/thumbnail?size=\(size)")
            #expect(answer.status == .gatewayTimeout)
            #expect(try answer.problem().code == "upstream-timeout")
        }
        let asked = upstream.log.requests.filter { $0.path.hasSuffix("/rendered") }
        #expect(asked.map(\.timeout) == [GatewayLimits().smallAnswerTimeout])
    }
}
