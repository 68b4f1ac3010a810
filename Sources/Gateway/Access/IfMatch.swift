import CollimatorCore
import HTTPTypes
import Hummingbird

/// What the caller knows of a thing that it changes, as `If-Match` says it (RFC 9110 §13.1.1), or that there is none, as
/// `If-None-Match: *` does.
struct IfMatch: Sendable {
    /// Nil where anything will do, or nothing; empty where there must be nothing.
    let tags: Set<String>?

    /// Throws `precondition-required` without a header, and `invalid-input` for what is no list of tags.
    init(_ request: Request) throws(CollimatorError) {
        let fields = request.headers[values: .ifMatch]
        let absence = request.headers[values: .ifNoneMatch]
        guard absence.isEmpty || (absence == ["*"] && fields.isEmpty) else {
            throw CollimatorError(
                .invalidInput,
                "If-None-Match is not alone, or no star",
                publicDetail: "If-None-Match is * here, and stands in place of If-Match."
            )
        }
        guard !fields.isEmpty else {
            if !absence.isEmpty {
                self.tags = []
                return
            }
            throw CollimatorError(
                .preconditionRequired,
                "something shared is to be changed by somebody who does not say from which state",
                publicDetail: "Say in If-Match what is changed: its ETag, or * for anything."
            )
        }
        if fields == ["*"] {
            self.tags = nil
            return
        }
        var tags: Set<String> = []
        for tag in fields.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            var text = tag.drop { $0 == " " }
            while text.last == " " { text.removeLast() }
            guard text.utf8.count > 2, text.first == "\"", text.last == "\"" else {
                throw CollimatorError(
                    .invalidInput,
                    "If-Match is no tag",
                    publicDetail: "If-Match is * or an ETag, with its quotation marks."
                )
            }
            tags.insert(String(text))
        }
        self.tags = tags
    }

    /// Whether that is what the caller knows; nil for nothing.
    func holds(_ tag: EntityTag?) -> Bool {
        guard let tags else { return true }
        return tag.map { tags.contains($0.text) } ?? tags.isEmpty
    }

    /// Throws `precondition-failed` where there is something else, or nothing.
    func check(_ tag: EntityTag?) throws(CollimatorError) {
        guard self.holds(tag) else {
            throw CollimatorError(
                .preconditionFailed,
                "something was changed by somebody else",
                publicDetail: "It was changed meanwhile. Read it again."
            )
        }
    }
}
