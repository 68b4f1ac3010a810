import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ImageCodec
import Testing

@testable import Gateway

@Suite("GET /api/v1/…/instances/{instance}/rendered")
struct RenderedTests {
    private static let upstreamPath =
        "studies/\(Sample.study)/series/\(Sample.series)/instances/\(Sample.instance)"

    /// An upstream that renders a picture of 60 by 40 pixels in the format that it is asked for.
    private static func upstream(instance: DataSet = Sample.instance()) async throws -> ScriptedUpstream {
        try await ScriptedUpstream.picturing(instance)
    }

    @Test("passes the picture on and says that it is a preview")
    func passesOn() async throws {
        let upstream = try await Self.upstream()
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.instancePath)/rendered")
        #expect(answer.status == .ok)
        let file = try await ScriptedUpstream.file(.jpeg)
        #expect(Array(answer.body.readableBytesView) == file)
        #expect(answer.headers[.contentType] == "image/jpeg")
        #expect(answer.headers[.contentLength] == "\(file.count)")
        #expect(answer.headers[renditionHeader] == "preview")
        #expect(answer.headers[.server] == nil)
        // By header or by cookie, for a page of another origin, in either format.
        #expect(answer.headers[.vary] == "Authorization, Cookie, Origin, Accept")
        let request = try #require(upstream.log.requests.last)
        #expect(request.path == "\(Self.upstreamPath)/rendered")
        #expect(request.query == nil)
        #expect(request.headers[.accept] == "image/jpeg")
    }

    @Test(
        "translates size and format",
        arguments: [
            ("?width=256&height=128", nil, "viewport=256,128", "image/jpeg"),
            ("?width=256", nil, "viewport=256,4096", "image/jpeg"),
            ("?format=png", nil, nil, "image/png"),
            ("", "image/png", nil, "image/png"),
            ("", "image/avif,image/webp,image/*,*/*;q=0.8", nil, "image/png"),
            ("?format=webp&quality=70", nil, nil, "image/png"),
            ("?quality=70", nil, nil, "image/png"),
            ("", "image/*", nil, "image/jpeg"),
            ("", "image/jpeg;q=0.5, image/png", nil, "image/png"),
            ("?format=jpeg", "image/png", nil, "image/jpeg"),
        ] as [(String, String?, String?, String)]
    )
    func wishes(query: String, accept: String?, upstreamQuery: String?, type: String) async throws {
        let upstream = try await Self.upstream()
        var headers = GatewayUnderTest.bearer
        headers[.accept] = accept
        _ = try await GatewayUnderTest(upstream).request(
            .get,
            "\(Sample.instancePath)/rendered\(query)",
            headers: headers
        )
        #expect(upstream.log.requests.last?.query == upstreamQuery)
        #expect(upstream.log.requests.last?.headers[.accept] == type)
    }

    @Test(
        "refuses what is no picture",
        arguments: [
            "?width=0", "?width=5000", "?width=1e2", "?format=gif", "?quality=0", "?quality=101", "?viewport=1,1",
            "?window=40,400,linear",
        ]
    )
    func refusals(query: String) async throws {
        let upstream = try await Self.upstream()
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.instancePath)/rendered\(query)")
        #expect(answer.status == .badRequest)
        #expect(upstream.log.requests.allSatisfy { $0.path.hasSuffix("/metadata") })
    }

    @Test("a client that takes neither format is told so", arguments: ["image/avif", "text/html", "image/png;q=0"])
    func notAcceptable(accept: String) async throws {
        var headers = GatewayUnderTest.bearer
        headers[.accept] = accept
        let gateway = try GatewayUnderTest(try await Self.upstream())
        let answer = try await gateway.request(.get, "\(Sample.instancePath)/rendered", headers: headers)
        #expect(answer.status == .notAcceptable)
    }

    @Test("gives a frame by its number")
    func frame() async throws {
        var instance = Sample.instance()
        instance.set(.numberOfFrames, 12)
        let upstream = try await Self.upstream(instance: instance)
        let gateway = try GatewayUnderTest(upstream)
        let answer = try await gateway.request(.get, "\(Sample.instancePath)/frames/12/rendered")
        #expect(answer.status == .ok)
        #expect(upstream.log.requests.last?.path == "\(Self.upstreamPath)/frames/12/rendered")
        let beyond = try await gateway.request(.get, "\(Sample.instancePath)/frames/13/rendered")
        #expect(beyond.status == .notFound)
        for frame in ["0", "01", "1,2", "x", "-1", "1234567890"] {
            let refused = try await gateway.request(.get, "\(Sample.instancePath)/frames/\(frame)/rendered")
            #expect(refused.status == .badRequest, "\(frame)")
        }
    }

    @Test("an upstream's refusal is a problem of ours, its body left behind")
    func failure() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            guard !request.path.hasSuffix("/metadata") else { return .metadata(Sample.instance()) }
            return .chunks(["Smith^John"], status: 400, headers: [.contentType: "application/json"])
        })
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.instancePath)/rendered")
        #expect(answer.status == .badRequest)
        let problem = try answer.problem()
        #expect(problem.code == "invalid-input")
        #expect(problem.detail?.hasPrefix("The DICOM store cannot render this.") == true)
        #expect(!answer.text.contains("Smith"))
    }

    @Test(
        "has a tag of its bytes: 304 where the client holds it, in either spelling of the tag",
        arguments: ["", "W/"]
    )
    func tags(weak: String) async throws {
        let gateway = try GatewayUnderTest(try await Self.upstream())
        for path in ["\(Sample.instancePath)/rendered", "\(Sample.instancePath)/frames/1/rendered"] {
            let first = try await gateway.request(.get, path)
            let tag = try #require(first.headers[.eTag])
            #expect(tag.hasPrefix("\""))
            #expect(first.headers[.cacheControl] == "private, no-cache")
            var headers = GatewayUnderTest.bearer
            headers[.ifNoneMatch] = weak + tag
            let again = try await gateway.request(.get, path, headers: headers)
            #expect(again.status == .notModified)
            #expect(again.body.readableBytes == 0)
            #expect(again.headers[.eTag] == tag && again.headers[.vary] == first.headers[.vary])
            headers[.ifNoneMatch] = "\"other\""
            let other = try await gateway.request(.get, path, headers: headers)
            #expect(other.status == .ok)
        }
    }

    @Test("HEAD says what GET would, without the picture")
    func head() async throws {
        let gateway = try GatewayUnderTest(try await Self.upstream())
        let get = try await gateway.request(.get, "\(Sample.instancePath)/rendered")
        let head = try await gateway.request(.head, "\(Sample.instancePath)/rendered")
        #expect(head.status == .ok)
        #expect(head.body.readableBytes == 0)
        #expect(head.headers[.eTag] == get.headers[.eTag])
        #expect(head.headers[.contentLength] == get.headers[.contentLength])
    }

    @Test("a picture that is longer than any is a failure of the upstream, and never a part of one")
    func endless() async throws {
        let chunk = String(repeating: "x", count: 1024 * 1024)
        let chunks = Array(repeating: chunk, count: PictureSource.bytesMax / chunk.utf8.count + 1)
        let upstream = ScriptedUpstream(exchange: { request in
            guard !request.path.hasSuffix("/metadata") else { return .metadata(Sample.instance()) }
            return .chunks(chunks, headers: [.contentType: "image/png"])
        })
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.instancePath)/rendered")
        #expect(answer.status == .badGateway)
    }
}
