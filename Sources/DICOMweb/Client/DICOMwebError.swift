/// Why a DICOMweb call did not do what was asked.
///
/// The cases tell what a caller can do about it. None holds anything of a request or of an answer but numbers and words
/// from closed lists, so that an error can be logged as it is.
public enum DICOMwebError: Error, Hashable, Sendable {
    /// The call itself makes no sense, such as a list without frames; nothing was sent.
    case invalidRequest
    /// The server found the request wrong: 400 and the other statuses of that class not named here.
    case badRequest(status: Int, code: RPCCode?)
    /// The server refused the caller: 401 or 403.
    case refused(Refusal)
    /// There is no such thing: 404 or 410. The Healthcare API answers 403 as well for what is not there.
    case notFound
    /// The server cannot give any of the accepted media types: 406.
    case notAcceptable
    /// The request conflicts with what is there: 409 or 412.
    case conflict
    /// The server asks to come back later: 429.
    case throttled(retryAfter: Duration?)
    /// The server cannot answer now: 503.
    case unavailable(retryAfter: Duration?)
    /// The server failed: the other statuses from 500.
    case upstreamFault(status: Int)
    /// The connection could not be made, or broke.
    case transport
    /// There was no complete answer within the deadline.
    case timeout
    /// The answer is not what the standard says it is.
    case invalidAnswer(AnswerFault)
    /// The answer is larger than a named limit.
    case limit(AnswerLimit)

    /// How a caller is refused.
    public enum Refusal: String, Hashable, Sendable, CaseIterable {
        /// 401: the credential is missing, wrong or expired.
        case unauthenticated
        /// 403: the credential does not allow it.
        case forbidden
    }

    /// What is wrong with an answer.
    public enum AnswerFault: String, Hashable, Sendable, CaseIterable {
        /// A status that the request cannot have, redirects among them.
        case status
        /// Another media type than was asked for.
        case mediaType
        /// Text that is not DICOM JSON.
        case json
        /// A body that is no multipart body.
        case multipart
        /// A body that ends before it is complete.
        case truncated
    }

    /// Which limit an answer passes.
    public enum AnswerLimit: String, Hashable, Sendable, CaseIterable {
        /// The size of a body that is read as a whole.
        case bodyBytes
        /// The attributes, values or nesting of DICOM JSON.
        case json
        /// The parts of a multipart body, or one of them.
        case multipart
    }
}

extension DICOMwebError {
    init(_ error: DICOMJSONError) {
        switch error.code {
        case .tooDeep, .tooMany: self = .limit(.json)
        case .truncated: self = .invalidAnswer(.truncated)
        default: self = .invalidAnswer(.json)
        }
    }

    init(_ error: MultipartError) {
        switch error {
        case .headerTooLarge, .tooManyParts, .partTooLarge, .tooMuchAroundParts: self = .limit(.multipart)
        case .truncated: self = .invalidAnswer(.truncated)
        case .invalidBoundary, .malformedHeader, .partPassed: self = .invalidAnswer(.multipart)
        }
    }
}

/// The canonical codes of Google's APIs, as their error bodies name them.
public enum RPCCode: String, Hashable, Sendable, CaseIterable {
    /// The operation was cancelled.
    case cancelled = "CANCELLED"
    /// An unknown error.
    case unknown = "UNKNOWN"
    /// An argument is wrong whatever the state of the system.
    case invalidArgument = "INVALID_ARGUMENT"
    /// The deadline passed.
    case deadlineExceeded = "DEADLINE_EXCEEDED"
    /// There is no such resource.
    case notFound = "NOT_FOUND"
    /// There is one already.
    case alreadyExists = "ALREADY_EXISTS"
    /// The caller may not.
    case permissionDenied = "PERMISSION_DENIED"
    /// A quota is used up.
    case resourceExhausted = "RESOURCE_EXHAUSTED"
    /// The system is not in the state that the operation needs.
    case failedPrecondition = "FAILED_PRECONDITION"
    /// The operation was aborted, mostly by another one.
    case aborted = "ABORTED"
    /// Past the valid range.
    case outOfRange = "OUT_OF_RANGE"
    /// Not implemented.
    case unimplemented = "UNIMPLEMENTED"
    /// An internal error.
    case `internal` = "INTERNAL"
    /// The service cannot answer now.
    case unavailable = "UNAVAILABLE"
    /// Data is lost.
    case dataLoss = "DATA_LOSS"
    /// The caller is not known.
    case unauthenticated = "UNAUTHENTICATED"
}
