extension JSONScanner {
    /// Takes the rest of a text that began at `start` and holds an escape at the current position.
    mutating func readEscapedString(from start: Int) throws(JSONFault) -> String {
        var decoded = Array(self.bytes[start..<self.offset])
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            self.offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: decoded, as: UTF8.self) else { throw .invalidText }
                return text
            case UInt8(ascii: "\\"): try self.readEscape(into: &decoded)
            case 0x00..<0x20: throw .malformed
            default: decoded.append(byte)
            }
        }
        throw .truncated
    }

    private mutating func readEscape(into decoded: inout [UInt8]) throws(JSONFault) {
        guard self.offset < self.bytes.count else { throw .truncated }
        let letter = self.bytes[self.offset]
        self.offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): decoded.append(contentsOf: String(try self.readUnicodeEscape()).utf8)
        default: throw .malformed
        }
    }

    /// Characters beyond the basic plane are two escapes, a surrogate pair; half of one is no character.
    private mutating func readUnicodeEscape() throws(JSONFault) -> Character {
        let first = try self.readFourDigits()
        guard (0xD800...0xDBFF).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw .invalidText }
            return Character(scalar)
        }
        guard self.offset + 2 <= self.bytes.count else { throw .truncated }
        guard self.bytes[self.offset] == UInt8(ascii: "\\"), self.bytes[self.offset + 1] == UInt8(ascii: "u") else {
            throw .invalidText
        }
        self.offset += 2
        let second = try self.readFourDigits()
        guard (0xDC00...0xDFFF).contains(second) else { throw .invalidText }
        guard let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) else {
            throw .invalidText
        }
        return Character(scalar)
    }

    private mutating func readFourDigits() throws(JSONFault) -> UInt32 {
        guard self.offset + 4 <= self.bytes.count else { throw .truncated }
        let digits = self.bytes[self.offset..<self.offset + 4]
        guard let number = Tag.number(hex: [0x30, 0x30, 0x30, 0x30] + digits) else { throw .malformed }
        self.offset += 4
        return number
    }
}
