import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// The upstream's answer unchanged, its errors too; but what concerns our credential or is no API answer becomes ours.
func cloudAnswer(_ answer: UpstreamResponse, rewriting rewrite: ByteReplacer? = nil) throws(CollimatorError) -> Response
{
    guard (200..<300).contains(answer.status) || isTold(answer) else {
        throw upstreamFailure(status: answer.status, retryAfterSeconds: RetryAfter(answer.headers)?.seconds)
    }
    var response = passThrough(answer, rewriting: rewrite)
    response.headers[.retryAfter] = RetryAfter(answer.headers).map { String($0.seconds) }
    response.headers[.cacheControl] = "private, no-store"
    return response
}

/// The same for a GET: JSON that is within so many bytes has a tag and 304, as every other list and object here.
///
/// See ``heldAnswer``.
func cloudReading(
    _ answer: UpstreamResponse,
    rewriting rewrite: ByteReplacer? = nil,
    holding bytesMax: Int,
    to request: Request
) async throws -> Response {
    guard answer.status == 200, carriesJSON(answer) else { return try cloudAnswer(answer, rewriting: rewrite) }
    return try await heldAnswer(
        answer.body,
        rewriting: rewrite,
        passedHeaders(answer),
        upTo: bytesMax,
        to: request
    )
}

/// Statuses whose body is meant for the caller: not 401 and 403, which are about our credential.
private let toldStatuses: Set<Int> = [400, 404, 406, 409, 412, 413, 415, 416, 429, 501, 503]

private func isTold(_ answer: UpstreamResponse) -> Bool {
    guard toldStatuses.contains(answer.status), let type = answer.headers[.contentType]?.lowercased() else {
        return false
    }
    return type.hasPrefix("application/json") || type.hasPrefix("application/dicom+")
}

extension CallerContext {
    /// An upstream call of the tier that the permission stands for.
    func call(_ permission: Permission) -> UpstreamCall {
        UpstreamCall(tier: permission.tier, principal: self.caller.principal)
    }
}

extension HealthcareUpstream {
    /// A failure of the administrative side: there 403 says that our credential may not, and hides nothing.
    static func refuseCredentialFailure(_ status: Int) throws(CollimatorError) {
        guard status == 403 else { return }
        throw CollimatorError(
            .upstreamInvalid,
            "upstream: our credential may not do this",
            publicDetail: "The Healthcare API does not let the credential of this service do this."
        )
    }
}
