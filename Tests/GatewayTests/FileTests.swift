import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("GET …/instances/{instance}/file and …/metadata")
struct FileTests {
    private static let path = "\(Sample.instancePath)/file"

    private static func gateway(
        _ chunks: [String],
        _ type: String,
        status: Int = 200,
        kind: GatewayStore.Kind = .healthcare
    ) throws -> (GatewayUnderTest, ScriptedUpstream) {
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks(chunks, status: status, headers: [.contentType: type])
        })
        return (try GatewayUnderTest(stores: ["radiology": upstream], kind: kind), upstream)
    }

    @Test("gives the file as it is stored, to be saved under its identifier")
    func file() async throws {
        let (gateway, upstream) = try Self.gateway(["DI", "CM"], "application/dicom")
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .ok)
        #expect(answer.text == "DICM")
        #expect(answer.headers[.contentType] == "application/dicom")
        #expect(answer.headers[.contentDisposition] == "attachment; filename=\"\(Sample.instance).dcm\"")
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.acceptRanges] == "none")
        #expect(upstream.log.requests.first?.headers[.accept] == "application/dicom; transfer-syntax=*")
    }

    @Test("takes the file out of the one part that other servers send it in")
    func part() async throws {
        let text = "--b\r\nContent-Type: application/dicom\r\n\r\nDICM\r\n--b--\r\n"
        let (gateway, upstream) = try Self.gateway(
            text.map(String.init),
            "multipart/related; type=\"application/dicom\"; boundary=b",
            kind: .dicomweb
        )
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.text == "DICM")
        #expect(upstream.log.requests.first?.headers[.accept]?.hasPrefix("multipart/related") == true)
    }

    @Test(
        "cuts what is not one whole file",
        arguments: [
            (["--b\r\n\r\nDICM\r\n"], "multipart/related; boundary=b"),
            (["--b\r\n\r\nDICM\r\n--b\r\n\r\nDICM\r\n--b--\r\n"], "multipart/related; boundary=b"),
            (["--b--\r\n"], "multipart/related; boundary=b"), ([], "application/dicom"),
        ]
    )
    func notWhole(chunks: [String], type: String) async throws {
        let (gateway, _) = try Self.gateway(chunks, type)
        await #expect(throws: (any Error).self) {
            try await gateway.application.test(.live) { client in
                try await client.execute(uri: Self.path, method: .get, headers: GatewayUnderTest.bearer)
            }
        }
    }

    @Test("does not pass a web page off as a file", arguments: ["text/html", "application/json", "multipart/related"])
    func otherTypes(type: String) async throws {
        let (gateway, _) = try Self.gateway(["<html>"], type)
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .badGateway)
        #expect(!answer.text.contains("<html>"))
    }

    @Test("what is not there is 404; parameters and malformed identifiers are refused")
    func refusals() async throws {
        let (gateway, upstream) = try Self.gateway([], "application/json", status: 404)
        let missing = try await gateway.request(.get, Self.path)
        #expect(missing.status == .notFound)
        for uri in ["\(Self.path)?a=1", "\(Sample.studyPath)/series/1/instances/x/file"] {
            let answer = try await gateway.request(.get, uri)
            #expect(answer.status == .badRequest)
        }
        #expect(upstream.log.requests.count == 1)
    }

    @Test(
        "streams metadata of every level with addresses of this service",
        arguments: [Sample.studyPath, "\(Sample.studyPath)/series/\(Sample.series)", Sample.instancePath]
    )
    func metadata(path: String) async throws {
        let bulk = "studies/1/series/2/instances/3/bulkdata/7FE00010"
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks([#"[{"7FE00010":{"vr":"OW","BulkDataURI":""#, "\(ScriptedUpstream.root)/\(bulk)\"}}]"])
        })
        let gateway = try GatewayUnderTest(upstream, publicURL: "https://imaging.example")
        let answer = try await gateway.request(.get, "\(path)/metadata")
        #expect(answer.status == .ok)
        #expect(
            answer.text
                == #"[{"7FE00010":{"vr":"OW","BulkDataURI":"https://imaging.example/dicomweb/radiology/\#(bulk)"}}]"#
        )
        #expect(answer.headers[.contentType] == "application/dicom+json")
        #expect(answer.headers[.cacheControl] == "private, no-cache")
        #expect(upstream.log.requests.first?.headers[.accept] == "application/dicom+json")
        #expect(upstream.log.requests.first.map { path.hasSuffix($0.path.dropLast("/metadata".count)) } == true)
        let refused = try await gateway.request(.get, "\(path)/metadata?x=1")
        #expect(refused.status == .badRequest)
    }

    @Test("a request for a part gets the whole, and is told that there are no parts (RFC 9110 §14.2)")
    func range() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks(["0123", "456789"], headers: [.contentType: "application/dicom", .contentLength: "10"])
        })
        for range in ["bytes=2-3", "bytes=0-0,5-6", "bytes=100-", "lines=1-2"] {
            var headers = GatewayUnderTest.bearer
            headers[.range] = range
            let answer = try await GatewayUnderTest(upstream).request(
                .get,
                "\(Sample.instancePath)/file",
                headers: headers
            )
            #expect(answer.status == .ok)
            #expect(answer.text == "0123456789")
            #expect(answer.headers[.acceptRanges] == "none")
            #expect(answer.headers[.contentRange] == nil)
        }
        #expect(upstream.log.requests.allSatisfy { $0.headers[.range] == nil })
    }
}
