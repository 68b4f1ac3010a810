import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("Problem documents")
struct ProblemTests {
    @Test(
        "say what the upstream's failure means for the caller",
        arguments: [
            (DICOMwebError.notFound, 404, "not-found"),
            (.refused(.forbidden), 404, "not-found"),
            (.refused(.unauthenticated), 502, "upstream-invalid"),
            (.badRequest(status: 400, code: nil), 400, "invalid-input"),
            (.notAcceptable, 406, "not-acceptable"),
            (.conflict, 409, "conflict"),
            (.throttled(retryAfter: .seconds(7)), 503, "unavailable"),
            (.unavailable(retryAfter: nil), 503, "unavailable"),
            (.upstreamFault(status: 500), 502, "upstream-invalid"),
            (.transport, 503, "unavailable"),
            (.timeout, 504, "upstream-timeout"),
            (.invalidAnswer(.json), 502, "upstream-invalid"),
            (.limit(.bodyBytes), 502, "upstream-invalid"),
            (.invalidRequest, 500, "internal"),
        ]
    )
    func upstreamFailures(error: DICOMwebError, status: Int, code: String) async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in throw error }))
        let answer = try await gateway.request(.get, "\(Sample.studyPath)/series/\(Sample.series)/instances")
        #expect(answer.status.code == status)
        let problem = try answer.problem()
        #expect(problem.code == code)
        #expect(problem.type == "urn:collimator:problem:\(code)")
        #expect(problem.status == status)
        #expect(problem.requestId == answer.headers[requestIDHeader])
    }

    @Test("pass on how long to wait")
    func retryAfter() async throws {
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { _ in throw DICOMwebError.throttled(retryAfter: .milliseconds(6500)) })
        )
        let answer = try await gateway.request(.get, "\(Sample.studyPath)/series/\(Sample.series)/instances")
        #expect(answer.headers[.retryAfter] == "7")
    }

    @Test("never hold the operator's reason or what the error carried")
    func reasonsStayInside() async throws {
        struct Leaky: Error, CustomStringConvertible {
            let description = "Smith^John is secret"
        }
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in throw Leaky() }))
        let answer = try await gateway.request(.get, "\(Sample.studyPath)/series/\(Sample.series)/instances")
        #expect(answer.status == .internalServerError)
        #expect(!answer.text.contains("Smith"))
        #expect(!answer.text.contains("translated"))
        #expect(try answer.problem().detail == nil)
    }

    @Test(
        "never repeat the request",
        arguments: [
            "/api/v1/stores/radiology/studies/JOHN-SMITH",
            "/api/v1/stores/radiology/studies?JOHNSMITH=1",
            "/api/v1/stores/radiology/studies?from=JOHN-SMITH",
            "/api/v1/stores/JOHN-SMITH/studies",
            "/api/v1/stores/radiology/studies?cursor=JOHN-SMITH",
            "/JOHN-SMITH",
        ]
    )
    func nothingIsEchoed(uri: String) async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        let answer = try await gateway.request(.get, uri)
        #expect((400..<500).contains(answer.status.code))
        #expect(!answer.text.uppercased().contains("JOHN"))
    }

    @Test("are there for the server's own refusals too")
    func foreignErrors() {
        #expect(collimatorError(for: HTTPError(.contentTooLarge, message: "x")).code == .tooLarge)
        #expect(collimatorError(for: HTTPError(.upgradeRequired, message: "x")).code == .invalidInput)
        #expect(collimatorError(for: HTTPError(.badGateway)).code == .upstreamInvalid)
        #expect(collimatorError(for: NIOTooManyBytesError(maxBytes: 1)).code == .tooLarge)
        #expect(collimatorError(for: CancellationError()).code == .unavailable)
    }

    @Test("a target that is too long is refused before it is read")
    func longTarget() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        let long = String(repeating: "a", count: GatewayLimits().targetBytesMax)
        let answer = try await gateway.request(.get, "/api/v1/stores?x=\(long)")
        #expect(answer.status == .requestHeaderFieldsTooLarge)
    }

    @Test(
        "an upstream's Retry-After is kept within bounds, and left out where it is none",
        arguments: [
            ("7", 7), ("0", 1), ("3600", 3600), ("3601", 3600), ("99999999999999999999999", 3600), ("-5", nil),
            ("+5", nil), ("5.5", nil), ("", nil), ("Wed, 21 Oct 2026 07:28:00 GMT", nil),
        ] as [(String, Int?)]
    )
    func retryAfter(text: String, seconds: Int?) {
        #expect(RetryAfter([.retryAfter: text])?.seconds == seconds)
    }

    @Test("a throttled store's Retry-After is within bounds in every tree")
    func throttled() async throws {
        let upstream = ScriptedUpstream(
            exchange: { _ in
                .chunks(["{}"], status: 429, headers: [.contentType: "application/json", .retryAfter: "1000000"])
            }
        )
        let gateway = try GatewayUnderTest(upstream, cloud: ScriptedCloud([:]))
        for path in ["\(Sample.studyPath)/metadata", CloudSample.study] {
            let answer = try await gateway.request(.get, path)
            #expect([429, 503].contains(answer.status.code), "\(path)")
            #expect(answer.headers[.retryAfter] == "3600", "\(path)")
        }
        for (wait, seconds) in [(Duration.seconds(1_000_000), 3600), (.milliseconds(1500), 2), (.zero, 1)] {
            let error = collimatorError(for: DICOMwebError.throttled(retryAfter: wait))
            #expect(error.retryAfterSeconds == seconds)
        }
    }
}
