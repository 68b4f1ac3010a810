package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials

/// The key that an endpoint shares with us, and the signatures made with it (Standard Webhooks 1.0, symmetric).
package struct WebhookSecret: Hashable, Sendable {
    /// How long a new one is.
    static let bytesNew = 32
    /// How long one may be.
    static let lengths = 24...64
    private static let prefix = "whsec_"

    let key: [UInt8]

    /// A new one that nobody can guess.
    package static func new() -> WebhookSecret { WebhookSecret(key: SecureRandom.bytes(Self.bytesNew)) }

    init(key: [UInt8]) {
        self.key = key
    }

    /// Nil for a text that is no secret of the length that the contract asks for.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.lengths.contains(data.count)
        else { return nil }
        self.key = Array(data)
    }

    /// The form in which it is given out, once.
    package var text: String { Self.prefix + Data(self.key).base64EncodedString() }

    /// The signature of a message: of its id, the second of the attempt, and the bytes that are sent.
    ///
    /// - Throws: `internal` for an id with a dot, which could be moved into the time.
    package func signature(id: String, seconds: Int64, body: [UInt8]) throws(CollimatorError) -> String {
        guard !id.isEmpty, !id.contains(".") else {
            throw CollimatorError(.internalError, "the id of a message has a dot")
        }
        do {
            let code = try HMACSHA256(key: self.key).code(for: Array("\(id).\(seconds).".utf8) + body)
            return "v1,\(Data(code).base64EncodedString())"
        } catch {
            throw CollimatorError(.internalError, "a message could not be signed", cause: error)
        }
    }
}

extension WebhookSecret: CustomStringConvertible, CustomReflectable {
    /// Never the key: this is what logs and test reports print.
    package var description: String { "a secret" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
