import CollimatorCore
import Cryptography

/// The id under which a client knows an operation: a store of ours and the last part of the upstream's name, in a form
/// that shows neither project nor dataset.
///
/// It grants nothing: who asks for an operation is checked against the store that it belongs to.
struct OperationID: Hashable, Sendable {
    let store: StoreName
    let operation: String

    /// The longest text that is looked at.
    static let textBytesMax = 512

    init(store: StoreName, operation: String) {
        self.store = store
        self.operation = operation
    }

    /// Nil where the text is not one that `text` made.
    init?(_ text: some StringProtocol) {
        guard (1...Self.textBytesMax).contains(text.utf8.count), let bytes = Base64URL.decode(text),
            let plain = String(validating: bytes, as: UTF8.self)
        else { return nil }
        let parts = plain.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let store = StoreName(parts[0]), UpstreamOperation.isID(parts[1]) else { return nil }
        self.init(store: store, operation: String(parts[1]))
        // One operation has one id: another spelling of the same bytes is none.
        guard self.text == text else { return nil }
    }

    var text: String { Base64URL.encode(Array("\(self.store)/\(self.operation)".utf8)) }
}
