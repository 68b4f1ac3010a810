/// The one error that leaves a module of Collimator.
///
/// It is written for three readers: the client sees `code` and `publicDetail`, the operator sees `reason` with file
/// and line, and the metric sees `code`. `reason` is a `StaticString`, so that no request data can reach it, and
/// `publicDetail` is fixed text too.
package struct CollimatorError: Error, Sendable {
    /// What went wrong, from the closed set.
    package let code: Code
    /// Shown to the client; fixed text that repeats nothing of the request.
    package let publicDetail: StaticString?
    /// Shown to the operator only.
    package let reason: StaticString
    /// The error underneath; never printed, only its type.
    package let cause: (any Error)?
    /// When a retry may help, the number of seconds to wait before it.
    package let retryAfterSeconds: Int?
    package let file: StaticString
    package let line: UInt

    package init(
        _ code: Code,
        _ reason: StaticString,
        publicDetail: StaticString? = nil,
        cause: (any Error)? = nil,
        retryAfterSeconds: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) {
        self.code = code
        self.publicDetail = publicDetail
        self.reason = reason
        self.cause = cause
        self.retryAfterSeconds = retryAfterSeconds
        self.file = file
        self.line = line
    }

    /// The kinds of failure a client can be told of: closed to us, open to growth for clients.
    ///
    /// `rawValue` is the `code` of the problem document (RFC 9457) and the label of metrics.
    package struct Code: Hashable, Sendable, CaseIterable {
        /// Kebab-case name, part of the public contract.
        package let rawValue: String
        /// The HTTP status that goes with it (RFC 9110 §15).
        package let status: Int
        /// Short, human-readable and always the same for the code.
        package let title: String

        package static let invalidInput = Code("invalid-input", 400, "The request is not valid")
        package static let unauthenticated = Code("unauthenticated", 401, "A caller is needed")
        package static let forbidden = Code("forbidden", 403, "The caller may not do this")
        package static let notFound = Code("not-found", 404, "There is no such thing")
        package static let methodNotAllowed = Code("method-not-allowed", 405, "The method is not offered here")
        package static let notAcceptable = Code("not-acceptable", 406, "None of the accepted media types can be given")
        package static let requestTimeout = Code("request-timeout", 408, "The request took too long to arrive")
        package static let conflict = Code("conflict", 409, "The request conflicts with what is there")
        package static let gone = Code("gone", 410, "It is no longer there")
        package static let preconditionFailed = Code("precondition-failed", 412, "A precondition does not hold")
        package static let tooLarge = Code("too-large", 413, "The request body is too large")
        package static let unsupportedMediaType = Code("unsupported-media-type", 415, "The media type is not supported")
        package static let rangeNotSatisfiable = Code("range-not-satisfiable", 416, "The range cannot be given")
        package static let unprocessable = Code("unprocessable", 422, "The content cannot be processed")
        package static let preconditionRequired = Code("precondition-required", 428, "A precondition is required")
        package static let rateLimited = Code("rate-limited", 429, "Too many requests")
        package static let headersTooLarge = Code("headers-too-large", 431, "The request headers are too large")
        package static let internalError = Code("internal", 500, "Something went wrong here")
        package static let upstreamInvalid = Code("upstream-invalid", 502, "The DICOM store gave no usable answer")
        package static let unavailable = Code("unavailable", 503, "The service cannot answer now")
        package static let upstreamTimeout = Code("upstream-timeout", 504, "The DICOM store did not answer in time")
        package static let insufficientStorage = Code("insufficient-storage", 507, "There is no room to store this")

        package static let allCases: [Code] = [
            .invalidInput, .unauthenticated, .forbidden, .notFound, .methodNotAllowed, .notAcceptable, .requestTimeout,
            .conflict, .gone, .preconditionFailed, .tooLarge, .unsupportedMediaType, .rangeNotSatisfiable,
            .unprocessable, .preconditionRequired, .rateLimited, .headersTooLarge, .internalError, .upstreamInvalid,
            .unavailable, .upstreamTimeout, .insufficientStorage,
        ]

        private init(_ rawValue: String, _ status: Int, _ title: String) {
            self.rawValue = rawValue
            self.status = status
            self.title = title
        }
    }
}

extension CollimatorError: CustomStringConvertible {
    /// Code, reason, file and line, and nothing else: tracers and test reports print it.
    package var description: String { "\(self.code.rawValue): \(self.reason) (\(self.file):\(self.line))" }
}
