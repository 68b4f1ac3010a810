/// A request as it goes out, for those who know better than the typed calls: a gateway, or a new resource.
public struct RawRequest: Sendable {
    /// The method, in capitals.
    public var method: String
    /// Path and query below the server's address, percent-encoded, such as `/studies?limit=1`.
    public var target: String
    /// The header fields; `Host`, `Content-Length`, `Transfer-Encoding` and `Authorization` are the client's.
    public var headers: HeaderFields
    /// The body, none where there is none.
    public var body: RequestBody?
    /// The deadline of the whole exchange, both bodies included; none takes ``DICOMwebConfiguration/transferTimeout``.
    public var timeout: Duration?
    /// What may be tried again.
    public var retry: RetrySafety

    /// Makes a request; it is only tried again where nothing of it was sent, unless said otherwise.
    public init(_ method: String, _ target: String, headers: HeaderFields = HeaderFields(), body: RequestBody? = nil) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.timeout = nil
        self.retry = .whenUnsent
    }
}

/// The answer to a ``RawRequest``, of any status, with its body still to be read.
public struct RawResponse: Sendable {
    /// The status (RFC 9110 §15).
    public let status: Int
    /// The header fields.
    public let headers: HeaderFields
    /// The body; it must be read or let go of.
    public let body: ResponseBody
}

extension RawResponse {
    /// How long the server asks to wait, where it does.
    var retryAfter: Duration? {
        self.headers["retry-after"].flatMap { RetryAfter.parse($0, date: self.headers["date"]) }
    }
}
