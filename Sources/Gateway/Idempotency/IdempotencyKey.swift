import CollimatorCore
import HTTPTypes

/// The value of `Idempotency-Key`: the caller's name for one attempt to do something once
/// (draft-ietf-httpapi-idempotency-key-header).
struct IdempotencyKey: Hashable, Sendable {
    let text: String

    /// The longest key, in characters.
    static let lengthMax = 255

    /// Nil where the header is not there; throws `invalid-input` for one that is empty, long, not printable or twice.
    ///
    /// The draft has the key in quotation marks, and most clients send it without: both are the same key.
    init?(_ headers: HTTPFields) throws(CollimatorError) {
        let values = headers[values: .idempotencyKey]
        guard let value = values.first else { return nil }
        var text = value[...]
        if text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        guard values.count == 1, (1...Self.lengthMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw CollimatorError(
                .invalidInput,
                "an idempotency key is not usable",
                publicDetail: "The Idempotency-Key must be given once and be 1 to 255 printable ASCII characters."
            )
        }
        self.text = String(text)
    }
}

extension HTTPField.Name {
    /// The caller's key for an attempt.
    static let idempotencyKey = Self.known("Idempotency-Key")
    /// Says that the answer is one that was kept.
    static let idempotencyReplayed = Self.known("Idempotency-Replayed")
}
