import CollimatorCore
import DICOMweb

/// The query of a QIDO-RS search on its way to the upstream: attributes and the parameters of PS3.18 §8.3.4, and
/// nothing else.
///
/// A parameter that is no DICOM attribute is left out with a warning, as the standard wants it; so a caller cannot
/// reach the upstream's own system parameters. An attribute that the upstream cannot match is its business to refuse.
struct QIDOQuery: Sendable {
    /// The query to send, nil where nothing is left.
    let text: String?
    /// Whether something was left out.
    let isReduced: Bool
    /// Whether an attribute is in no dictionary of ours: a server that ignores such ones would answer too much.
    let isDoubtful: Bool
    /// Whether a value has a wildcard (PS3.4 §C.2.2.2.4), which the Healthcare API takes for a letter of the name.
    let hasWildcard: Bool
    /// The media types of the parameter `accept`, which is ours to read (PS3.18 §8.3.3.1).
    let accept: String?

    private static let controls: Set<String> = ["limit", "offset", "fuzzymatching", "includefield"]

    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        self.accept = try parameters.single("accept")
        let kept = parameters.items.filter { Self.controls.contains($0.name) || Self.isAttribute($0.name) }
        self.isDoubtful = kept.contains { item in
            !Self.controls.contains(item.name)
                && item.name.split(separator: ".").contains { Tag(attribute: $0) == nil }
        }
        self.hasWildcard = kept.contains { item in
            !Self.controls.contains(item.name) && item.value.contains { $0 == "*" || $0 == "?" }
        }
        let pairs = kept.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
        self.text = pairs.isEmpty ? nil : pairs.joined(separator: "&")
        self.isReduced = kept.count < parameters.items.count - (self.accept == nil ? 0 : 1)
    }

    /// A keyword of the dictionary's form or eight hexadecimal digits, also as a path through sequences.
    private static func isAttribute(_ name: String) -> Bool {
        name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            if Tag(hex: part) != nil { return true }
            guard (2...64).contains(part.utf8.count), let first = part.utf8.first,
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
            else { return false }
            return part.utf8.allSatisfy(Self.isAlphanumeric)
        }
    }

    /// Signs that are common in values stay readable.
    private static func encoded(_ text: String) -> String { PercentEncoding.encode(text, leaving: ",*:") }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
