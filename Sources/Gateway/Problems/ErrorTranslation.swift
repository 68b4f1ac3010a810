import AccessControl
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOHTTP1

/// What any error is to a client: ours as it is, the upstream's by ``upstreamFailure(_:)``, the framework's by its
/// status alone, so that no foreign message text goes out, and everything else `internal`.
func collimatorError(for error: any Error) -> CollimatorError {
    switch error {
    case let error as CollimatorError:
        error
    case let error as PolicyFaults:
        CollimatorError(
            .unprocessable,
            "a policy has faults",
            publicDetail: "The rules would have the faults that are listed. Those in force stay.",
            cause: error
        )
    case let error as DICOMwebError:
        upstreamFailure(error)
    case let error as any HTTPResponseError:
        frameworkRefusal(status: error.status.code, cause: error)
    case is HTTPParserError:
        CollimatorError(
            .invalidInput,
            "the body of a request is not valid HTTP",
            publicDetail: "The request is not valid HTTP.",
            cause: error
        )
    case is ClientGone:
        CollimatorError(.unavailable, "the client went before the answer", cause: error, retryAfterSeconds: 1)
    case is CancellationError:
        CollimatorError(.unavailable, "the request was cancelled", cause: error, retryAfterSeconds: 1)
    default:
        CollimatorError(.internalError, "an error nobody translated", cause: error)
    }
}

private func frameworkRefusal(status: Int, cause: any Error) -> CollimatorError {
    if let code = CollimatorError.Code.allCases.first(where: { $0.status == status }) {
        return CollimatorError(code, "the HTTP server refused the request", cause: cause)
    }
    return (400..<500).contains(status)
        ? CollimatorError(.invalidInput, "the HTTP server refused the request", cause: cause)
        : CollimatorError(.internalError, "the HTTP server failed", cause: cause)
}
