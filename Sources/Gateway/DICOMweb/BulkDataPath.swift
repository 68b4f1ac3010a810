import CollimatorCore
import DICOMweb

/// The path of a value that is kept apart, `7FE00010` or `00081140/0/7FE00010`.
struct BulkDataPath: Sendable {
    let text: String

    /// The deepest nesting of sequences, each of which is two segments.
    static let segmentsMax = 2 * 16 + 1

    init(segments: [Substring]) throws(CollimatorError) {
        guard segments.count <= Self.segmentsMax, segments.count % 2 == 1,
            segments.enumerated().allSatisfy({ $0 % 2 == 0 ? Tag(hex: $1) != nil : Self.isIndex($1) })
        else {
            throw CollimatorError(
                .invalidInput,
                "the bulk data path is none",
                publicDetail: "A bulk data path is a tag, or tags with item numbers between them."
            )
        }
        self.text = segments.joined(separator: "/")
    }

    private static func isIndex(_ text: Substring) -> Bool {
        (1...9).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
