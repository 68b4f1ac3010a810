import HTTPTypes

/// How long an upstream asks to be left alone (RFC 9110 §10.2.3), within what our clients are told to wait.
struct RetryAfter: Sendable {
    let seconds: Int

    /// The least and the most that a client is told, in seconds.
    static let range = 1...3600

    /// The nearest number of seconds that a client is told.
    init(seconds: Int) {
        self.seconds = min(max(seconds, Self.range.lowerBound), Self.range.upperBound)
    }

    /// Nil where the field is not there, there twice, or no number of seconds; a date counts as not there.
    init?(_ headers: HTTPFields) {
        let values = headers[values: .retryAfter]
        guard values.count == 1, let text = values.first, !text.isEmpty,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        // Digits that make no number of ours are a very long time.
        self.init(seconds: Int(text) ?? Self.range.upperBound)
    }
}
