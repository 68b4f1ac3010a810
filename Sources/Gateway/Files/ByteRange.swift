import HTTPTypes
import Hummingbird

/// The part of a content that a request asks for (RFC 9110 §14).
enum ByteRange: Hashable, Sendable {
    case whole
    case part(Range<Int>)
    case unsatisfiable

    /// One range of bytes is understood.
    ///
    /// Several, other units and what cannot be read are passed over, as the standard
    /// permits, and so is a range of a content that the client holds in another version (`If-Range`).
    init(_ request: Request, of length: Int, tag: EntityTag) {
        let fields = request.headers[values: .range]
        guard request.method == .get, fields.count == 1, Self.isCurrent(request.headers[values: .ifRange], tag),
            let ends = Self.ends(fields[0])
        else {
            self = .whole
            return
        }
        switch ends {
        case (let first?, let last?):
            guard first <= last else {
                self = .whole
                return
            }
            self = first < length ? .part(first..<min(last, length - 1) + 1) : .unsatisfiable
        case (let first?, nil): self = first < length ? .part(first..<length) : .unsatisfiable
        case (nil, let count?): self = count > 0 && length > 0 ? .part(max(0, length - count)..<length) : .unsatisfiable
        case (nil, nil): self = .whole
        }
    }

    /// Whether the range is of what there is now: tags are compared strongly, and dates are not kept here.
    private static func isCurrent(_ fields: [String], _ tag: EntityTag) -> Bool {
        fields.isEmpty || fields == [tag.text]
    }

    /// The numbers before and after the hyphen.
    private static func ends(_ field: String) -> (Int?, Int?)? {
        let halves = field.split(separator: "=", maxSplits: 1)
        guard halves.count == 2, halves[0].lowercased() == "bytes" else { return nil }
        let ends = halves[1].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy(Self.isNumber) else { return nil }
        return (Int(ends[0]), Int(ends[1]))
    }

    /// Digits, or nothing; no more of them than a whole number has.
    private static func isNumber(_ text: Substring) -> Bool {
        text.utf8.count <= 18 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
