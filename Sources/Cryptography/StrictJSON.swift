/// A JSON value (RFC 8259) as it was written: integers stay integers, and no name occurs twice.
///
/// It is for small texts that decide something, such as tokens, keys and answers of token endpoints. A parser that
/// lets the last of two equal names win would let a signed text say two things.
package enum StrictJSON: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other finite number.
    case real(Double)
    case string(String)
    case array([StrictJSON])
    case object([String: StrictJSON])

    /// The longest text that is parsed.
    package static let textBytesMax = 256 * 1024
    /// How deep arrays and objects may nest.
    package static let depthMax = 16

    /// Nil where the bytes are not one JSON value in UTF-8, name a member twice, nest too deep or are too long.
    package init?(parsing bytes: [UInt8], bytesMax: Int = Self.textBytesMax) {
        guard bytes.count <= bytesMax, let value = StrictJSONParser.parse(bytes) else { return nil }
        self = value
    }

    /// The member of that name, where the value is an object that has it.
    package subscript(name: String) -> StrictJSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text, where the value is a string.
    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number, where the value is an integer.
    package var number: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    /// The truth, where the value is a boolean.
    package var boolean: Bool? {
        guard case .boolean(let boolean) = self else { return nil }
        return boolean
    }

    /// The elements, where the value is an array.
    package var elements: [StrictJSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The text as a JSON string, with its quotation marks.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{00}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
