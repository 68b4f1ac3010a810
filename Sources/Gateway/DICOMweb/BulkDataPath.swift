import CollimatorCore
import DICOMweb

/// The path of a value that is kept apart, `7FE00010` or `00081140/0/7FE00010`.
struct BulkDataPath: Sendable {
    let text: String

    /// The deepest nesting of sequences, each of which is two segments.
    static let segmentsMax = 2 * 16 + 1

    /// `isStrict` holds the path to the form of the Healthcare API; other servers name values as they like.
    init(segments: [Substring], isStrict: Bool = true) throws(CollimatorError) {
        guard (1...Self.segmentsMax).contains(segments.count), !isStrict || segments.count % 2 == 1,
            segments.enumerated().allSatisfy({ index, segment in
                isStrict ? Self.isStep(segment, at: index) : Self.isName(segment)
            })
        else {
            throw CollimatorError(
                .invalidInput,
                "the bulk data path is none",
                publicDetail: "A bulk data path is a tag, or tags with item numbers between them."
            )
        }
        self.text = segments.joined(separator: "/")
    }

    /// A word that stands for itself in a path.
    private static func isName(_ text: Substring) -> Bool {
        (1...128).contains(text.utf8.count) && text.contains { $0 != "." }
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-._,".unicodeScalars.contains(scalar))
            }
    }

    /// A tag, or between tags the number of an item.
    private static func isStep(_ text: Substring, at index: Int) -> Bool {
        index % 2 == 0 ? Tag(hex: text) != nil : Self.isIndex(text)
    }

    private static func isIndex(_ text: Substring) -> Bool {
        (1...9).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
