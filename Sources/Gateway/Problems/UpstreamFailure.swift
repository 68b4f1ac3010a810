import CollimatorCore
import DICOMweb

/// What a failure of the upstream means for our client: the one place where the two sets of errors meet.
///
/// The layer that failed is the upstream; a refusal of our own credential is therefore no 401 or 403 for the caller.
/// The Healthcare API answers 403 also for what does not exist, so that is not found here.
func upstreamFailure(_ error: DICOMwebError) -> CollimatorError {
    switch error {
    case .invalidRequest:
        CollimatorError(.internalError, "upstream: we made a request that makes no sense", cause: error)
    case .badRequest(let status, _): upstreamFailure(status: status, retryAfterSeconds: nil)
    case .refused(.unauthenticated): upstreamFailure(status: 401, retryAfterSeconds: nil)
    case .refused(.forbidden): upstreamFailure(status: 403, retryAfterSeconds: nil)
    case .notFound: upstreamFailure(status: 404, retryAfterSeconds: nil)
    case .notAcceptable: upstreamFailure(status: 406, retryAfterSeconds: nil)
    case .conflict: upstreamFailure(status: 409, retryAfterSeconds: nil)
    case .throttled(let wait): upstreamFailure(status: 429, retryAfterSeconds: wait.map(wholeSeconds))
    case .unavailable(let wait): upstreamFailure(status: 503, retryAfterSeconds: wait.map(wholeSeconds))
    case .upstreamFault(let status): upstreamFailure(status: status, retryAfterSeconds: nil)
    case .transport:
        CollimatorError(
            .unavailable,
            "upstream: the connection could not be made or broke",
            publicDetail: "The DICOM store cannot be reached now.",
            cause: error,
            retryAfterSeconds: 5
        )
    case .timeout: upstreamFailure(status: 504, retryAfterSeconds: nil)
    case .invalidAnswer:
        CollimatorError(
            .upstreamInvalid,
            "upstream: not a DICOMweb answer",
            publicDetail: "The DICOM store answered with something that is not DICOMweb.",
            cause: error
        )
    case .limit:
        CollimatorError(
            .upstreamInvalid,
            "upstream: an answer larger than a limit",
            publicDetail: "The DICOM store gave an answer that is larger than this service accepts.",
            cause: error
        )
    }
}

/// Rounded up, within what a client is told to wait.
private func wholeSeconds(_ wait: Duration) -> Int {
    let whole = Int(clamping: wait.components.seconds)
    return RetryAfter(seconds: wait.components.attoseconds > 0 && whole < Int.max ? whole + 1 : whole).seconds
}

/// The same for a bare status of an answer that is passed through.
func upstreamFailure(status: Int, retryAfterSeconds: Int?) -> CollimatorError {
    switch status {
    case 400, 405, 411, 414, 422, 431:
        CollimatorError(
            .invalidInput,
            "upstream: bad request",
            publicDetail: "The DICOM store refused the request as not valid."
        )
    case 401:
        CollimatorError(
            .upstreamInvalid,
            "upstream: our credential is not accepted",
            publicDetail: "The DICOM store does not accept the credential of this service."
        )
    case 403: CollimatorError(.notFound, "upstream: forbidden, so missing or not granted to our credential")
    case 404, 410: CollimatorError(.notFound, "upstream: not found")
    case 406:
        CollimatorError(
            .notAcceptable,
            "upstream: not acceptable",
            publicDetail: "The DICOM store cannot give this in a media type that the request accepts."
        )
    case 409: CollimatorError(.conflict, "upstream: conflict")
    case 413: CollimatorError(.tooLarge, "upstream: too large")
    case 415: CollimatorError(.unsupportedMediaType, "upstream: media type not supported")
    case 416: CollimatorError(.rangeNotSatisfiable, "upstream: range not satisfiable")
    case 429, 503:
        CollimatorError(
            .unavailable,
            "upstream: throttled or unavailable",
            publicDetail: "The DICOM store cannot answer now.",
            retryAfterSeconds: retryAfterSeconds ?? 5
        )
    case 408, 504:
        CollimatorError(
            .upstreamTimeout,
            "upstream: timeout",
            publicDetail: "The DICOM store did not answer in time.",
            retryAfterSeconds: retryAfterSeconds
        )
    case 507:
        CollimatorError(
            .insufficientStorage,
            "upstream: no room",
            publicDetail: "The DICOM store has no room left."
        )
    case 300..<400:
        CollimatorError(
            .upstreamInvalid,
            "upstream: a redirect, which is not followed",
            publicDetail: "The DICOM store answered with a redirect, which is not followed."
        )
    default:
        CollimatorError(
            .upstreamInvalid,
            "upstream: fault",
            publicDetail: "The DICOM store failed."
        )
    }
}
