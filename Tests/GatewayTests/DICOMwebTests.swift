import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
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
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks(
                ["one", "two"],
                headers: [
                    .contentType: "multipart/related; type=\"application/dicom\"; boundary=b", .setCookie: "x=1",
                    .connection: "x-secret", .server: "up",
                ]
            )
        })
        var headers = GatewayUnderTest.bearer
        headers[.accept] = #"multipart/related; type="application/dicom"; transfer-syntax=*"#
        headers[.cookie] = "session=1"
        let answer = try await GatewayUnderTest(upstream).request(.get, path, headers: headers)
        #expect(answer.status == .ok)
        #expect(answer.text == "onetwo")
        #expect(answer.headers[.contentType]?.hasPrefix("multipart/related") == true)
        #expect(answer.headers[.setCookie] == nil)
        #expect(answer.headers[.server] == nil)
        let request = try #require(upstream.log.requests.first)
        #expect("/dicomweb/radiology/\(request.path)" == path)
        #expect(request.headers == [.accept: #"multipart/related; type="application/dicom"; transfer-syntax=*"#])
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

    @Test("searches pass on attributes and drop everything else with a warning")
    func searches() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[]"]) })
        let gateway = try GatewayUnderTest(upstream)
        let query = "PatientName=Smith%5EJohn&00100020=M%26x&limit=5&includefield=all&access_token=t&key=k&alt=media"
        let answer = try await gateway.request(.get, "/dicomweb/radiology/studies?\(query)")
        #expect(answer.status == .ok)
        #expect(
            upstream.log.requests.first?.query
                == "PatientName=Smith%5EJohn&00100020=M%26x&limit=5&includefield=all"
        )
        #expect(answer.headers[.warning]?.hasPrefix("299") == true)
        let plain = try await gateway.request(.get, "/dicomweb/radiology/studies?PatientID=1")
        #expect(plain.headers[.warning] == nil)
    }

    @Test("nothing found stays 204")
    func nothingFound() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks([], status: 204, headers: [:]) })
        let answer = try await GatewayUnderTest(upstream).request(.get, "/dicomweb/radiology/series?Modality=CT")
        #expect(answer.status == .noContent)
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
        let upstream = ScriptedUpstream(exchange: { _ in .chunks([ScriptedUpstream.root]) })
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.dicomweb)/metadata")
        #expect(answer.text == "http://localhost/dicomweb/radiology")
    }

    @Test("bytes that only begin like the URL stay as they are")
    func almostMatches() {
        var replacer = ByteReplacer(replacing: "aab", by: "X")
        var text = ""
        for chunk in ["a", "a", "a", "b", "aa", "c", "aa"] {
            text += String(buffer: replacer.append(ByteBuffer(string: chunk)))
        }
        text += String(buffer: replacer.finish())
        #expect(text == "aXaacaa")
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
}
