/// Recursive descent over the bytes of a JSON text; the depth is limited, and nothing is read twice.
struct StrictJSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The one value of the text, or nil.
    static func parse(_ bytes: [UInt8]) -> StrictJSON? {
        var parser = StrictJSONParser(bytes)
        parser.skipSpace()
        guard let value = parser.value() else { return nil }
        parser.skipSpace()
        return parser.position == bytes.count ? value : nil
    }

    private var next: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { self.position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let text = Array(word.description.utf8)
        guard self.bytes[self.position...].starts(with: text) else { return false }
        self.position += text.count
        return true
    }

    private mutating func value() -> StrictJSON? {
        switch self.next {
        case UInt8(ascii: "{"): self.nested { parser in parser.object() }
        case UInt8(ascii: "["): self.nested { parser in parser.array() }
        case UInt8(ascii: "\""): self.string().map(StrictJSON.string)
        case UInt8(ascii: "t"): self.take("true") ? .boolean(true) : nil
        case UInt8(ascii: "f"): self.take("false") ? .boolean(false) : nil
        case UInt8(ascii: "n"): self.take("null") ? .null : nil
        default: self.numeral()
        }
    }

    private mutating func nested(_ body: (inout Self) -> StrictJSON?) -> StrictJSON? {
        guard self.depth < StrictJSON.depthMax else { return nil }
        self.depth += 1
        defer { self.depth -= 1 }

        self.position += 1
        self.skipSpace()
        return body(&self)
    }

    private mutating func object() -> StrictJSON? {
        var members: [String: StrictJSON] = [:]
        if self.take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            self.skipSpace()
            guard let name = self.string() else { return nil }
            self.skipSpace()
            guard self.take(UInt8(ascii: ":")) else { return nil }
            self.skipSpace()
            guard let value = self.value(), members.updateValue(value, forKey: name) == nil else { return nil }
            self.skipSpace()
            if self.take(UInt8(ascii: "}")) { return .object(members) }
            guard self.take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private mutating func array() -> StrictJSON? {
        var elements: [StrictJSON] = []
        if self.take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            self.skipSpace()
            guard let value = self.value() else { return nil }
            elements.append(value)
            self.skipSpace()
            if self.take(UInt8(ascii: "]")) { return .array(elements) }
            guard self.take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private mutating func string() -> String? {
        guard self.take(UInt8(ascii: "\"")) else { return nil }
        var text: [UInt8] = []
        while let byte = self.next {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = self.escape() else { return nil }
                text.append(contentsOf: String(scalar).utf8)
            case 0x00...0x1F: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = self.next else { return nil }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return self.escapedScalar()
        default: return nil
        }
    }

    /// A `\u` escape, or the two that make a surrogate pair; half a pair is refused.
    private mutating func escapedScalar() -> Unicode.Scalar? {
        guard let first = self.fourDigits() else { return nil }
        guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) }
        guard self.take("\\u"), let second = self.fourDigits(), (0xDC00...0xDFFF).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func fourDigits() -> UInt32? {
        guard self.position + 4 <= self.bytes.count else { return nil }
        let digits = String(decoding: self.bytes[self.position..<self.position + 4], as: UTF8.self)
        guard let bytes = Hexadecimal.decode(digits) else { return nil }
        self.position += 4
        return UInt32(bytes[0]) << 8 | UInt32(bytes[1])
    }

    /// A number with the grammar of RFC 8259 §6; what is not finite is refused.
    private mutating func numeral() -> StrictJSON? {
        let start = self.position
        _ = self.take(UInt8(ascii: "-"))
        let hasLeadingZero = self.next == UInt8(ascii: "0")
        let wholeDigits = self.skipDigits()
        guard wholeDigits == 1 || (wholeDigits > 1 && !hasLeadingZero) else { return nil }
        var isInteger = true
        if self.take(UInt8(ascii: ".")) {
            isInteger = false
            guard self.skipDigits() > 0 else { return nil }
        }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            isInteger = false
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            guard self.skipDigits() > 0 else { return nil }
        }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let real = Double(text), real.isFinite else { return nil }
        return .real(real)
    }

    private mutating func skipDigits() -> Int {
        let start = self.position
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.position += 1 }
        return self.position - start
    }
}
