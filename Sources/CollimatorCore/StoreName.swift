/// The name by which Collimator's own paths know a configured DICOM store, such as `radiology`.
///
/// A kebab-case word of 1 to 63 characters, `[a-z0-9-]`, beginning with a letter. It is chosen in the configuration
/// and is not the resource name of the Healthcare API.
package struct StoreName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: String

    /// The longest name, in characters.
    package static let lengthMax = 63

    /// Nil where the text is no store name.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...Self.lengthMax).contains(bytes.count), let first = bytes.first, Self.isLetter(first) else {
            return nil
        }
        guard bytes.allSatisfy({ Self.isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }) else {
            return nil
        }
        self.rawValue = String(text)
    }

    package static func < (left: StoreName, right: StoreName) -> Bool { left.rawValue < right.rawValue }

    package var description: String { self.rawValue }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
