internal import HTTPTypes

/// A canonical status of Google's services (`google.rpc.Code`) with the HTTP status it is sent as.
struct GoogleStatus: Sendable, Hashable {
    /// The HTTP status, which is also the `code` of the error body.
    let http: Int
    /// The number in `google.rpc.Status`, as an operation carries it.
    let rpc: Int64
    /// The name in the error body.
    let name: String

    static let invalidArgument = GoogleStatus(400, 3, "INVALID_ARGUMENT")
    static let failedPrecondition = GoogleStatus(400, 9, "FAILED_PRECONDITION")
    static let unauthenticated = GoogleStatus(401, 16, "UNAUTHENTICATED")
    static let permissionDenied = GoogleStatus(403, 7, "PERMISSION_DENIED")
    static let notFound = GoogleStatus(404, 5, "NOT_FOUND")
    static let methodNotAllowed = GoogleStatus(405, 12, "UNIMPLEMENTED")
    static let notAcceptable = GoogleStatus(406, 3, "INVALID_ARGUMENT")
    static let alreadyExists = GoogleStatus(409, 6, "ALREADY_EXISTS")
    static let aborted = GoogleStatus(409, 10, "ABORTED")
    static let contentTooLarge = GoogleStatus(413, 3, "INVALID_ARGUMENT")
    static let resourceExhausted = GoogleStatus(429, 8, "RESOURCE_EXHAUSTED")
    static let headersTooLarge = GoogleStatus(431, 3, "INVALID_ARGUMENT")
    static let internalError = GoogleStatus(500, 13, "INTERNAL")
    static let unimplemented = GoogleStatus(501, 12, "UNIMPLEMENTED")
    static let unavailable = GoogleStatus(503, 14, "UNAVAILABLE")
    /// The upstream has no such answer, its storage being without an end; the status of HTTP says it best.
    static let insufficientStorage = GoogleStatus(507, 8, "RESOURCE_EXHAUSTED")

    private init(_ http: Int, _ rpc: Int64, _ name: String) {
        self.http = http
        self.rpc = rpc
        self.name = name
    }

    /// The closest canonical status of an HTTP status that some other layer chose.
    init(http: Int) {
        switch http {
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404: self = .notFound
        case 405: self = .methodNotAllowed
        case 406: self = .notAcceptable
        case 409: self = .aborted
        case 413: self = .contentTooLarge
        case 429: self = .resourceExhausted
        case 431: self = .headersTooLarge
        case 501: self = .unimplemented
        case 503: self = .unavailable
        case 400..<500: self = .invalidArgument
        default: self = .internalError
        }
    }
}
