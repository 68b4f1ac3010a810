import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("DELETE /api/v1/stores/{store}/studies/{study}")
struct DeletionTests {
    private static func answering(_ status: Int, _ body: String) -> ScriptedUpstream {
        ScriptedUpstream(exchange: { _ in
            .chunks([body], status: status, headers: [.contentType: "application/json; charset=UTF-8"])
        })
    }

    @Test("answers 202 with the operation that the upstream began, and names neither project nor dataset")
    func operation() async throws {
        let upstream = Self.answering(200, CloudSample.running)
        let gateway = try GatewayUnderTest(upstream)
        let answer = try await gateway.request(.delete, Sample.studyPath)
        #expect(answer.status == .accepted)
        let location = try #require(answer.headers[.location])
        #expect(location == "/api/v1/operations/cmFkaW9sb2d5LzQ3MTE")
        #expect(
            answer.text == """
                {"id":"cmFkaW9sb2d5LzQ3MTE","kind":"delete-study","state":"running","store":"radiology",\
                "createdAt":"2026-01-01T00:00:00Z","finishedAt":null,\
                "counts":{"succeeded":1,"failed":0,"pending":2},"error":null,\
                "links":{"self":"\(location)","events":"\(location)/events",\
                "cancellations":"\(location)/cancellations"}}
                """
        )
        let request = try #require(upstream.log.requests.first)
        #expect(request.method == .delete)
        #expect(request.path == "studies/\(Sample.study)")
        #expect(request.headers[.accept] == "application/json")
        #expect(upstream.log.calls.map(\.tier) == [.delete])
    }

    @Test("asks another DICOMweb server in a way that it need not look at", arguments: [(405, 422), (204, 204)])
    func otherServer(upstreamStatus: Int, status: Int) async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            // As Orthanc does it.
            let status = request.headers[.accept] == "*/*" ? upstreamStatus : 400
            return .chunks([], status: status, headers: [:])
        })
        var gateway = try GatewayUnderTest(upstream)
        let name = try #require(StoreName("radiology"))
        gateway.parts.stores = StoreDirectory([GatewayStore(name: name, resource: nil, upstream: upstream.upstream)])
        #expect(try await gateway.request(.delete, Sample.instancePath).status.code == status)
        let web = try await gateway.request(.delete, Sample.dicomweb)
        #expect(web.status.code == (status == 204 ? 204 : 405))
    }

    @Test("answers 204 where the upstream has done it at once", arguments: [(200, "{}"), (200, ""), (204, "")])
    func atOnce(status: Int, body: String) async throws {
        let gateway = try GatewayUnderTest(Self.answering(status, body))
        let answer = try await gateway.request(.delete, Sample.instancePath)
        #expect(answer.status == .noContent)
        #expect(answer.body.readableBytes == 0)
    }

    @Test("an operation of another dataset is none of ours")
    func foreignOperation() async throws {
        let foreign = CloudSample.running.replacing("datasets/d", with: "datasets/other")
        let answer = try await GatewayUnderTest(Self.answering(200, foreign)).request(.delete, Sample.studyPath)
        #expect(answer.status == .noContent)
    }

    @Test(
        "a refusal of the upstream becomes a problem",
        arguments: [
            (404, 404, "not-found"), (403, 404, "not-found"), (401, 502, "upstream-invalid"),
            (405, 422, "unprocessable"), (501, 422, "unprocessable"), (503, 503, "unavailable"),
            (500, 502, "upstream-invalid"),
        ]
    )
    func refusals(upstream: Int, status: Int, code: String) async throws {
        let gateway = try GatewayUnderTest(Self.answering(upstream, CloudSample.refusal))
        let answer = try await gateway.request(.delete, Sample.studyPath)
        #expect(answer.status.code == status)
        #expect(try answer.problem().code == code)
        #expect(!answer.text.contains("upstream's words"))
    }

    @Test("a change is reported when the upstream has taken the request, and not when it refused")
    func changes() async throws {
        let heard = Mutex<[StudyChange]>([])
        for (status, body) in [(200, CloudSample.running), (404, CloudSample.refusal)] {
            var parts = try GatewayUnderTest(Self.answering(status, body)).parts
            parts.changes = StudyChanges { change in heard.withLock { $0.append(change) } }
            _ = try await GatewayUnderTest(parts: parts).request(.delete, Sample.studyPath)
        }
        let changes = heard.withLock { $0 }
        #expect(changes.map(\.kind) == [.deleted])
        #expect(changes.map(\.study.rawValue) == [Sample.study])
    }

    @Test("an answer that breaks off is a change all the same, and a refusal that does keeps its status")
    func brokenOff() async throws {
        let heard = Mutex<[StudyChange]>([])
        for (status, expected) in [(200, 503), (404, 404)] {
            let upstream = ScriptedUpstream(exchange: { _ in
                let body = AsyncThrowingStream<ByteBuffer, any Error> { $0.finish(throwing: DICOMwebError.transport) }
                return UpstreamResponse(status: status, headers: [.contentType: "application/json"], body: body)
            })
            for path in [Sample.studyPath, "/dicomweb/radiology/studies/\(Sample.study)"] {
                var parts = try GatewayUnderTest(upstream).parts
                parts.changes = StudyChanges { change in heard.withLock { $0.append(change) } }
                let answer = try await GatewayUnderTest(parts: parts).request(.delete, path)
                #expect(answer.status.code == expected, "\(path) \(status)")
            }
        }
        #expect(heard.withLock { $0.map(\.kind) } == [.deleted, .deleted])
    }

    @Test("parameters and what is no UID are refused before the upstream is asked")
    func badInput() async throws {
        let upstream = Self.answering(200, "{}")
        let gateway = try GatewayUnderTest(upstream)
        #expect(try await gateway.request(.delete, "\(Sample.studyPath)?force=true").status == .badRequest)
        #expect(try await gateway.request(.delete, "/api/v1/stores/radiology/studies/1..2").status == .badRequest)
        #expect(try await gateway.request(.delete, "/api/v1/stores/cardiology/studies/1.2").status == .notFound)
        #expect(upstream.log.requests.isEmpty)
    }
}
