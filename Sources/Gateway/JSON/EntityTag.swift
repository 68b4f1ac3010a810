import Cryptography
import HTTPTypes
import Hummingbird

/// An entity tag: a strong one made of the content, or a weak one that an upstream gave.
struct EntityTag: Sendable {
    /// As it stands in `ETag`, with its quotation marks.
    let text: String

    /// How much of the hash makes the tag: enough that two contents never share one.
    private static let hashBytes = 16

    init(of content: [UInt8]) {
        self.text = "\"\(Base64URL.encode(Array(SHA256.hash(content).prefix(Self.hashBytes))))\""
    }

    /// The tag of content whose hash is known already, in the alphabet of URLs.
    init(hash: String) {
        self.text = "\"\(hash)\""
    }

    /// The tag of an upstream's answer for ours; nil where it gave none that is one (RFC 9110 §8.8.3).
    ///
    /// It is weak whatever the upstream's was: the addresses in the body are not the upstream's.
    init?(weakening text: String) {
        let opaque = text.hasPrefix("W/") ? text.dropFirst(2) : text[...]
        guard (2...Self.upstreamBytesMax).contains(opaque.utf8.count), opaque.first == "\"", opaque.last == "\"",
            // The list of tags in a request is split at its commas.
            opaque.utf8.dropFirst().dropLast().allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x2C })
        else { return nil }
        self.text = "W/\(opaque)"
    }

    /// The longest tag of an upstream that is handed on, in bytes.
    private static let upstreamBytesMax = 256

    /// Whether the client has the content already: `If-None-Match` names the tag, compared weakly (RFC 9110 §13.1.2).
    func isHeld(by request: Request) -> Bool { self.isHeld(by: request.headers) }

    /// The same of the fields of a request.
    func isHeld(by fields: HTTPFields) -> Bool {
        let opaque = self.text.hasPrefix("W/") ? self.text.dropFirst(2) : self.text[...]
        return fields[values: .ifNoneMatch].contains { field in
            field.split(separator: ",").contains { candidate in
                var candidate = candidate.drop(while: { $0 == " " })
                while candidate.last == " " { candidate.removeLast() }
                return candidate == "*" || candidate == opaque || candidate == "W/\(opaque)"
            }
        }
    }
}
