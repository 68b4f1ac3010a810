import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("/dicomweb/{store}")
struct DICOMwebTests {
    private static let instance = "\(Sample.dicomweb)/series/\(Sample.series)/instances/\(Sample.instance)"

    @Test(
        "passes retrievals on under the upstream's path",
        arguments: [
            Sample.dicomweb, "\(Sample.dicomweb)/metadata", "\(Sample.dicomweb)/series/\(Sample.series)",
            "\(Sample.dicomweb)/series/\(Sample.series)/metadata", instance, "\(instance)/metadata",
            "\(instance)/frames/1", "\(instance)/frames/1,2,5", "\(instance)/rendered",
            "\(instance)/frames/3/rendered", "\(instance)/bulkdata/7FE00010",
            "\(instance)/bulkdata/00081140/0/7FE00010",
        ]
    )
    func retrievals(path: String) async throws {
        let type =
            path.hasSuffix("/metadata")
            ? "application/dicom+json" : path.hasSuffix("/rendered") ? "image/png" : "application/dicom"
        let media = #"multipart/related; type="\#(type)"; transfer-syntax=*"#
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks(
                ["one", "two"],
                headers: [
                    .contentType: "multipart/related; type=\"\(type)\"; boundary=b", .setCookie: "x=1",
                    .connection: "x-secret", .server: "up",
                ]
            )
        })
        var headers = GatewayUnderTest.bearer
        headers[.accept] = media
        headers[.cookie] = "session=1"
        let answer = try await GatewayUnderTest(upstream).request(.get, path, headers: headers)
        #expect(answer.status == .ok)
        #expect(answer.text == "onetwo")
        #expect(answer.headers[.contentType]?.hasPrefix("multipart/related") == true)
        #expect(answer.headers[.setCookie] == nil)
        #expect(answer.headers[.server] == nil)
        let request = try #require(upstream.log.requests.first)
        #expect("/dicomweb/radiology/\(request.path)" == path)
        #expect(request.headers == [.accept: media])
        #expect(upstream.log.calls == [UpstreamCall(tier: .read, principal: .administrator)])
    }

    @Test(
        "refuses paths that are none and asks the upstream nothing",
        arguments: [
            "/dicomweb/radiology/studies/x", "/dicomweb/radiology/studies/1%2F..%2F2", "\(instance)/frames/0",
            "\(instance)/frames/1,,2", "\(instance)/bulkdata/xyz", "\(instance)/bulkdata/7FE00010/0",
            "\(instance)/bulkdata/..", "\(instance)/rendered?viewport=a", "\(instance)/rendered?quality=1",
        ]
    )
    func refusals(path: String) async throws {
        let upstream = ScriptedUpstream()
        let answer = try await GatewayUnderTest(upstream).request(.get, path)
        #expect(answer.status == .badRequest)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test("URLs of the upstream become URLs of this service, wherever the chunks are cut")
    func rewriting() async throws {
        let body = #"[{"7FE00010":{"vr":"OW","BulkDataURI":"\#(ScriptedUpstream.root)/studies/1/b"}},"x"]"#
        let expected =
            #"[{"7FE00010":{"vr":"OW","BulkDataURI":"https://img.test/dicomweb/radiology/studies/1/b"}},"x"]"#
        for size in [1, 3, 17, 40, 1000] {
            let chunks = stride(from: 0, to: body.count, by: size).map { start in
                String(body.dropFirst(start).prefix(size))
            }
            let upstream = ScriptedUpstream(exchange: { _ in
                .chunks(
                    chunks,
                    headers: [.contentType: "application/dicom+json", .contentLength: String(body.utf8.count)]
                )
            })
            let gateway = try GatewayUnderTest(upstream, publicURL: "https://img.test")
            let answer = try await gateway.request(.get, "\(Sample.dicomweb)/metadata")
            #expect(answer.text == expected)
        }
    }

    @Test("without a configured address the one that the request was sent to is used")
    func ownAuthority() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[\"\(ScriptedUpstream.root)\"]"]) })
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.dicomweb)/metadata")
        #expect(answer.text == #"["http://localhost/dicomweb/radiology"]"#)
    }

    @Test("storing streams up, and the outcome of each instance comes back with its status")
    func storing() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            var length = 0
            if let body = request.body {
                for try await chunk in body.bytes { length += chunk.readableBytes }
            }
            return .chunks(["{\"n\":\(length)}"], status: 409, headers: [.contentType: "application/dicom+json"])
        })
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "multipart/related; type=\"application/dicom\"; boundary=x"
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            "/dicomweb/radiology/studies",
            headers: headers,
            body: ByteBuffer(repeating: 1, count: 70_000)
        )
        #expect(answer.status == .conflict)
        #expect(answer.text == "{\"n\":70000}")
        #expect(upstream.log.calls.map(\.tier) == [.write])
        #expect(upstream.log.requests.first?.headers[.contentType] == headers[.contentType])
    }

    @Test(
        "storing takes DICOM, and metadata with bulk data, and nothing else",
        arguments: [
            (#"multipart/related; type="application/dicom+json"; boundary=b"#, 200), ("application/dicom", 200),
            ("multipart/related; type=application/dicom+xml; boundary=b", 200), ("multipart/related; boundary=b", 200),
            ("multipart/form-data; boundary=b", 415), ("application/zip", 415), ("nothing", 415),
            (#"multipart/related; type="image/png"; boundary=b"#, 415), ("multipart/related", 400),
        ]
    )
    func storeTypes(type: String, status: Int) async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["{}"]) })
        let answer = try await GatewayUnderTest(upstream).request(
            .post,
            "/dicomweb/radiology/studies",
            headers: GatewayUnderTest.bearer.with(.contentType, type),
            body: ByteBuffer(string: "x")
        )
        #expect(answer.status.code == status)
        #expect(upstream.log.requests.isEmpty == (status != 200))
    }

    @Test("the studies in the answer to a store request are reported, each once")
    func storeChanges() async throws {
        let root = ScriptedUpstream.root
        let json =
            #"{"00081190":{"Value":["\#(root)/studies/1.2"]},"x":["\#(root)\/studies\/1.3\/series\/1"],"#
            + #""y":["\#(root)/studies/1.2/series/1.9","/studies/nothing","studies"]}"#
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks(json.map { String($0) }, status: 409, headers: [.contentType: "application/dicom+json"])
        })
        let heard = HeardChanges()
        var gateway = try GatewayUnderTest(upstream)
        gateway.parts.changes = heard.hook
        let answer = try await gateway.request(
            .post,
            "/dicomweb/radiology/studies",
            headers: GatewayUnderTest.bearer.with(.contentType, "application/dicom"),
            body: ByteBuffer(string: "x")
        )
        #expect(answer.status == .conflict)
        #expect(answer.text.contains("http://localhost/dicomweb/radiology/studies/1.2/series/1.9"))
        #expect(heard.all.map(\.study.rawValue) == ["1.2", "1.3"])
        #expect(heard.all.allSatisfy { $0.kind == .stored && $0.store.rawValue == "radiology" })
    }

    @Test(
        "an upstream's error is a problem of ours",
        arguments: [(400, 400), (401, 502), (403, 404), (404, 404), (406, 406), (429, 503), (500, 502), (302, 502)]
    )
    func failures(upstreamStatus: Int, status: Int) async throws {
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks([#"{"error":"Smith"}"#], status: upstreamStatus, headers: [.contentType: "application/json"])
        })
        let answer = try await GatewayUnderTest(upstream).request(.get, Sample.dicomweb)
        #expect(answer.status.code == status)
        #expect(!answer.text.contains("Smith"))
        #expect(try answer.problem().status == status)
    }

    @Test(
        "an answer of another kind is never passed on",
        arguments: [
            (Sample.dicomweb, "text/html"), (Sample.dicomweb, "image/svg+xml"),
            ("\(Sample.dicomweb)/metadata", "text/html"),
            ("\(Sample.dicomweb)/metadata", "application/dicom"), ("\(instance)/rendered", "application/json"),
            ("\(instance)/rendered", "text/html; charset=utf-8"), ("/dicomweb/radiology/instances", "image/png"),
            (Sample.dicomweb, #"multipart/related; type="text/html"; boundary=b"#),
            (Sample.dicomweb, "multipart/related"),
            (Sample.dicomweb, "nonsense"), ("\(instance)/bulkdata/7FE00010", "application/xhtml+xml"),
        ]
    )
    func strangeMedia(path: String, type: String) async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            if path.hasSuffix("/rendered"), request.path.hasSuffix("/metadata") { return .metadata(Sample.instance()) }
            return .chunks(["<script>alert(1)</script>"], headers: [.contentType: type])
        })
        let answer = try await GatewayUnderTest(upstream).request(.get, path)
        #expect(answer.status == .badGateway)
        #expect(try answer.problem().detail == "The DICOM store answered with something that is not DICOMweb.")
        #expect(!answer.text.contains("script"))
    }

    @Test("every answer tells a browser to do nothing with it but show it")
    func protectiveHeaders() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks([#"[{"x":"<script>"}]"#]) })
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.dicomweb)/metadata")
        #expect(answer.headers[.contentType] == "application/dicom+json")
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.contentSecurityPolicy] == "default-src 'none'; frame-ancestors 'none'")
        #expect(answer.headers[.cacheControl] == "private, no-cache")
    }

    @Test(
        "asks the upstream for those accepted media types that a resource has",
        arguments: [
            ("text/html, application/dicom+json;q=0.9, */*;q=0.1", "application/dicom+json; q=0.900, */*; q=0.100"),
            (#"multipart/related; type=application/dicom+xml"#, #"multipart/related; type="application/dicom+xml""#),
            ("application/json", "application/json"),
        ]
    )
    func negotiation(accept: String, asked: String) async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[]"]) })
        let gateway = try GatewayUnderTest(upstream)
        var headers = GatewayUnderTest.bearer
        headers[.accept] = accept
        let answer = try await gateway.request(.get, "\(Sample.dicomweb)/metadata", headers: headers)
        #expect(answer.status == .ok)
        #expect(upstream.log.requests.first?.headers[.accept] == asked)
    }

    @Test("the parameter accept stands in for the header, and is no search attribute")
    func acceptParameter() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[]"]) })
        let gateway = try GatewayUnderTest(upstream)
        for query in ["accept=application/dicom+json", "accept=application%2Fdicom%2Bjson"] {
            let answer = try await gateway.request(.get, "/dicomweb/radiology/instances?limit=1&\(query)")
            #expect(answer.status == .ok)
            #expect(answer.headers[.warning] == nil)
        }
        #expect(upstream.log.requests.map(\.query) == ["limit=1", "limit=1"])
        #expect(upstream.log.requests.allSatisfy { $0.headers[.accept] == "application/dicom+json" })
    }

    @Test("what a resource never is, is 406 without asking the upstream", arguments: ["text/html", "image/png", "x"])
    func notAcceptable(accept: String) async throws {
        let upstream = ScriptedUpstream()
        var headers = GatewayUnderTest.bearer
        headers[.accept] = accept
        let path = "\(Sample.dicomweb)/metadata"
        let answer = try await GatewayUnderTest(upstream).request(.get, path, headers: headers)
        #expect(answer.status == .notAcceptable)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test(
        "deletes at three levels, tells whether it goes on, and reports the study",
        arguments: [
            (Sample.dicomweb, #"{"name":"projects/p/locations/l/datasets/d/operations/7"}"#, 202, "7"),
            ("\(Sample.dicomweb)/series/\(Sample.series)", #"{"name":"projects/p/operations/8"}"#, 202, ""),
            (Sample.dicomweb, #"{"name":"projects/p/locations/l/datasets/other/operations/9"}"#, 202, ""),
            (instance, "{}", 204, ""),
        ]
    )
    func deleting(path: String, body: String, status: Int, operation: String) async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks([body], headers: [.contentType: "application/json"]) })
        var parts = try GatewayUnderTest(upstream).parts
        let reported = HeardChanges()
        parts.changes = reported.hook
        let application = gatewayApplication(
            parts,
            address: .hostname("127.0.0.1", port: 0),
            logger: GatewayUnderTest.quiet
        )
        let answer = try await application.test(.router) { client in
            try await client.execute(uri: path, method: .delete, headers: GatewayUnderTest.bearer)
        }
        #expect(answer.status.code == status)
        #expect(answer.body.readableBytes == 0)
        let store = try #require(StoreName("radiology"))
        let location = "/api/v1/operations/\(OperationID(store: store, operation: operation).text)"
        #expect(answer.headers[.location] == (operation.isEmpty ? nil : location))
        #expect(upstream.log.calls.map(\.tier) == [.delete])
        #expect(upstream.log.requests.map(\.method) == [.delete])
        #expect(reported.all.map(\.kind) == [.deleted])
        #expect(reported.all.map(\.study.rawValue) == [Sample.study])
    }

    @Test("a deletion over DICOMweb is known among the operations as one of its store")
    func deletionAmongOperations() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks([CloudSample.running], headers: [.contentType: "application/json"])
        })
        let ledger = OperationLedger()
        let deletion = Deletion(changes: .unheard, ledger: ledger)
        let store = try #require(StoreName("radiology"))
        let resource = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        let controller = DICOMwebDeletionController(deletion: deletion, limits: GatewayLimits())
        #expect(controller.endpoints.count == 3)
        let subject = Deletion.Subject(
            store: GatewayStore(name: store, resource: resource, upstream: upstream.upstream),
            study: try #require(StudyUID(Sample.study)),
            path: "studies/\(Sample.study)"
        )
        let outcome = try await deletion.begin(subject, timeout: .seconds(60), for: .administrator)
        let operation = try #require(outcome.operation)
        #expect(ledger.store(of: operation.id, in: resource.dataset) == store)
        #expect(upstream.log.requests.map(\.timeout) == [Duration.seconds(60)])
    }

    @Test("a deletion that fails reports nothing", arguments: [(404, 404), (405, 405), (501, 405), (503, 503)])
    func failedDeletion(upstreamStatus: Int, status: Int) async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks([], status: upstreamStatus, headers: [:]) })
        let reported = HeardChanges()
        var parts = try GatewayUnderTest(upstream).parts
        parts.changes = reported.hook
        let application = gatewayApplication(
            parts,
            address: .hostname("127.0.0.1", port: 0),
            logger: GatewayUnderTest.quiet
        )
        let answer = try await application.test(.router) { client in
            try await client.execute(uri: Sample.dicomweb, method: .delete, headers: GatewayUnderTest.bearer)
        }
        #expect(answer.status.code == status)
        #expect(reported.all.isEmpty)
        #expect((answer.headers[.allow] == "GET, HEAD, OPTIONS, POST") == (status == 405))
    }

    @Test("the locations of parts lead to this service, and the parts stay as they are")
    func partLocations() async throws {
        let root = "http://pacs.test/dicom-web"
        let content = "bytes with \(root)/in them\r\n--not"
        let body = [
            "--b\r\nContent-Location: \(root)/studies/1/frames/1\r\nContent-Type: image/png\r\n\r\n\(content)\r\n",
            "--b\r\nContent-Location: http://other.test/1\r\n\r\n\r\n--b--\r\n",
        ].joined()
        let expected = [
            "--b\r\nContent-Location: https://img.test/dicomweb/pacs/studies/1/frames/1\r\n",
            "Content-Type: image/png\r\n\r\n",
            "\(content)\r\n--b\r\n\r\n\r\n--b--\r\n",
        ].joined()
        for size in [1, 7, 60, 1000] {
            var rewriter = try PartHeadRewriter(boundary: "b", replacing: root, by: "https://img.test/dicomweb/pacs")
            var text = ""
            for start in stride(from: 0, to: body.utf8.count, by: size) {
                let chunk = ByteBuffer(bytes: Array(body.utf8.dropFirst(start).prefix(size)))
                text += String(buffer: try rewriter.append(chunk))
            }
            text += String(buffer: try rewriter.finish())
            #expect(text == expected)
        }
        var cut = try PartHeadRewriter(boundary: "b", replacing: root, by: "x")
        _ = try cut.append(ByteBuffer(string: "--b\r\n\r\nhalf"))
        #expect(throws: (any Error).self) { try cut.finish() }
    }

    @Test("the root of a store says where things are")
    func description() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(), publicURL: "https://img.test")
        let answer = try await gateway.request(.get, "/dicomweb/radiology")
        #expect(answer.status == .ok)
        #expect(answer.text.contains("https://img.test/dicomweb/radiology/studies"))
        let other = try await gateway.request(.get, "/dicomweb/elsewhere")
        #expect(other.status == .notFound)
    }
}
