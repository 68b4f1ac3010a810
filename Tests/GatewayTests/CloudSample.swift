import CollimatorCore
import Cryptography
import DICOMweb
import HTTPTypes
import NIOCore
import Synchronization

@testable import Gateway

/// Texts and names of the Healthcare API.
enum CloudSample {
    static let dataset = "projects/p/locations/l/datasets/d"
    static let store = "/v1/\(dataset)/dicomStores/s"
    static let study = "\(store)/dicomWeb/studies/\(Sample.study)"
    static let running = operation()
    static let refusal = #"{"error":{"code":400,"message":"the upstream's words","status":"FAILED_PRECONDITION"}}"#

    /// An operation, with what stands at its end.
    static func operation(_ end: String = "", method: String = "DeleteStudy", id: String = "4711") -> String {
        """
        {"name":"\(dataset)/operations/\(id)","metadata":{"@type":"t",\
        "apiMethodName":"google.cloud.healthcare.v1.dicomweb.DicomWebService.\(method)",\
        "createTime":"2026-01-01T00:00:00Z","counter":{"success":"1","pending":"2"}}\(end)}
        """
    }
}

/// An administrative side that answers as a test tells it, and remembers what it was asked.
final class ScriptedCloud: Sendable {
    typealias Exchange = @Sendable (UpstreamRequest) async throws -> UpstreamResponse

    private let asked = Mutex<[(request: UpstreamRequest, call: UpstreamCall)]>([])
    private let onExchange: Exchange
    private let made: ScriptedUpstream
    /// IAM policies by the name of what has them; what has none may not be read.
    let policies = Mutex<[String: IAMPolicy]>([:])

    /// `made` is what stands behind every store that is made.
    init(made: ScriptedUpstream = ScriptedUpstream(), _ exchange: @escaping Exchange) {
        self.made = made
        self.onExchange = exchange
    }

    /// Answers JSON by method and path; what is not told is not found.
    convenience init(made: ScriptedUpstream = ScriptedUpstream(), _ answers: [String: (Int, String)]) {
        self.init(made: made) { request in
            let (status, body) = answers["\(request.method) \(request.path)"] ?? (404, CloudSample.refusal)
            return .chunks([body], status: status, headers: [.contentType: "application/json; charset=UTF-8"])
        }
    }

    var requests: [UpstreamRequest] { self.asked.withLock { $0.map(\.request) } }
    var calls: [UpstreamCall] { self.asked.withLock { $0.map(\.call) } }
    var log: [String] {
        self.requests.map { "\($0.method) \($0.path)" + ($0.query.map { "?\($0)" } ?? "") }
    }

    var upstream: HealthcareUpstream {
        HealthcareUpstream(
            exchange: { request, call in
                self.asked.withLock { $0.append((request, call)) }
                return try await self.onExchange(request)
            },
            connect: { _ in self.made.upstream },
            iamPolicy: { resource, _ in self.policies.withLock { $0[resource.description] } }
        )
    }
}

extension CloudSample {
    /// The operation that a text is.
    static func parsed(_ text: String) -> UpstreamOperation? {
        StrictJSON(parsing: Array(text.utf8)).flatMap { UpstreamOperation($0) }
    }
}
