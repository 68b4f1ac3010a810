/// One value of an attribute, in the forms that the DICOM JSON model has (PS3.18 §F.2.3).
public enum Value: Hashable, Sendable {
    /// Text, and numbers that came as text.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// A whole number above `Int64.max`.
    case unsigned(UInt64)
    /// A number with a fraction or exponent.
    case real(Double)
    /// A person name.
    case personName(PersonName)
    /// An item of a sequence.
    case item(DataSet)
    /// A value that is absent among others (PS3.18 §F.2.5).
    case null

    /// The value as text: numbers as JSON writes them, names with `=` between groups; nothing for items and absent ones.
    public var text: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .real(let number): number.description
        case .personName(let name): name.text
        case .item, .null: nil
        }
    }

    /// The value as a whole number, where it is one: `12`, `12.0` and the text `12` all are.
    public var integer: Int? {
        switch self {
        case .string(let text): Int(Self.trimmed(text))
        case .integer(let number): Int(exactly: number)
        case .unsigned(let number): Int(exactly: number)
        case .real(let number): Int(exactly: number)
        case .personName, .item, .null: nil
        }
    }

    /// The value as a number, where it is one.
    public var real: Double? {
        switch self {
        case .string(let text): Double(Self.trimmed(text))
        case .integer(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .real(let number): number
        case .personName, .item, .null: nil
        }
    }

    /// The item of a sequence, where it is one.
    public var item: DataSet? {
        guard case .item(let item) = self else { return nil }
        return item
    }

    /// Files pad numbers in text with spaces (PS3.5 §6.2), and some servers pass these on.
    private static func trimmed(_ text: String) -> Substring {
        var rest = text[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " || rest.last == "\0" { rest.removeLast() }
        return rest
    }
}

extension Value: ExpressibleByStringLiteral {
    /// A text.
    public init(stringLiteral text: String) {
        self = .string(text)
    }
}

extension Value: ExpressibleByIntegerLiteral {
    /// A whole number.
    public init(integerLiteral number: Int64) {
        self = .integer(number)
    }
}

extension Value: ExpressibleByFloatLiteral {
    /// A number.
    public init(floatLiteral number: Double) {
        self = .real(number)
    }
}
