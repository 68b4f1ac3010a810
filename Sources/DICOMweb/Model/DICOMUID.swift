/// A unique identifier as DICOM has them, of one kind (PS3.5 §9).
///
/// The parser is the door: what is behind it consists of digits and dots, at most 64 of them, without an empty
/// component, and can stand in a path as it is. Leading zeros in a component pass, though PS3.5 §9.1 forbids them,
/// because files in the world have them.
public protocol DICOMUID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The text.
    var rawValue: String { get }

    /// Reads an identifier; nothing comes of any other text.
    init?(_ text: some StringProtocol)
}

extension DICOMUID {
    /// The text.
    public var description: String { self.rawValue }

    /// Orders identifiers by their text, byte by byte.
    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The identifier of a study, (0020,000D).
public struct StudyUID: DICOMUID {
    /// The text.
    public let rawValue: String

    /// Reads an identifier; nothing comes of any other text.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard UIDSyntax.isValid(text.utf8) else { return nil }
        self.rawValue = text
    }
}

/// The identifier of a series, (0020,000E).
public struct SeriesUID: DICOMUID {
    /// The text.
    public let rawValue: String

    /// Reads an identifier; nothing comes of any other text.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard UIDSyntax.isValid(text.utf8) else { return nil }
        self.rawValue = text
    }
}

/// The identifier of an instance, (0008,0018).
public struct InstanceUID: DICOMUID {
    /// The text.
    public let rawValue: String

    /// Reads an identifier; nothing comes of any other text.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard UIDSyntax.isValid(text.utf8) else { return nil }
        self.rawValue = text
    }
}

/// The alphabet and length of identifiers (PS3.5 §9.1).
enum UIDSyntax {
    static let lengthMax = 64

    static func isValid(_ text: some Sequence<UInt8>) -> Bool {
        var length = 0
        var previous = UInt8(ascii: ".")
        for byte in text {
            length += 1
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: ".") where previous != UInt8(ascii: "."): break
            default: return false
            }
            guard length <= Self.lengthMax else { return false }
            previous = byte
        }
        return length > 0 && previous != UInt8(ascii: ".")
    }
}
