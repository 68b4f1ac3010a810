/// What sends a message; its live form resolves, checks and dials the address itself.
package struct WebhookSender: Sendable {
    /// Sends one message and returns within the time it has; it never follows a redirect.
    package var send: @Sendable (_ message: WebhookMessage) async -> WebhookAnswer
    /// What a certificate says of itself; nil for one that cannot be used, or is not that of the key.
    package var summary: @Sendable (_ certificate: ClientCertificate) -> CertificateSummary?

    package init(
        summary: @escaping @Sendable (_ certificate: ClientCertificate) -> CertificateSummary? = { _ in nil },
        send: @escaping @Sendable (_ message: WebhookMessage) async -> WebhookAnswer
    ) {
        self.send = send
        self.summary = summary
    }
}

/// One signed message.
package struct WebhookMessage: Hashable, Sendable {
    package let url: String
    /// `content-type`, `webhook-id`, `webhook-timestamp` and `webhook-signature`, and those of the endpoint's own.
    package let headers: [String: String]
    package let body: [UInt8]
    /// By what the receiver knows us; nil where it asks for nothing.
    package let certificate: ClientCertificate?

    package init(url: String, headers: [String: String], body: [UInt8], certificate: ClientCertificate? = nil) {
        self.url = url
        self.headers = headers
        self.body = body
        self.certificate = certificate
    }
}

/// What came of it.
package enum WebhookAnswer: Hashable, Sendable {
    /// The receiver answered; of the body no more than ``bodyBytesMax`` is kept.
    case answered(status: Int, retryAfter: Duration? = nil, body: [UInt8] = [])
    case failed(Failure)

    /// How much of the body of an answer is read.
    package static let bodyBytesMax = 4_096

    /// Why there was no answer.
    package enum Failure: String, Sendable, CaseIterable {
        case addressRefused = "address-refused"
        case nameUnknown = "name-unknown"
        case unreachable
        case encryption
        case timeout
        case broken
        /// No call was made: the endpoint's secret, or what else its calls carry, cannot be read.
        case secretUnreadable = "secret-unreadable"
    }
}
