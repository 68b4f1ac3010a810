/// Reads the tokens of a JSON text (RFC 8259) from bytes, forwards only.
///
/// It knows nothing of DICOM. All positions are checked against the end before they are read, so that a text cut at any
/// point is refused and never read past.
struct JSONScanner {
    let bytes: [UInt8]
    var offset = 0

    /// The next byte that is not white space, without taking it.
    mutating func peek() throws(JSONFault) -> UInt8 {
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: self.offset += 1
            default: return byte
            }
        }
        throw .truncated
    }

    /// Whether nothing but white space is left.
    mutating func isAtEnd() -> Bool {
        do throws(JSONFault) {
            _ = try self.peek()
            return false
        } catch {
            return true
        }
    }

    /// Takes the given byte, which must come next.
    mutating func expect(_ byte: UInt8) throws(JSONFault) {
        guard try self.peek() == byte else { throw .malformed }
        self.offset += 1
    }

    /// Takes the given byte if it comes next.
    mutating func take(_ byte: UInt8) throws(JSONFault) -> Bool {
        guard try self.peek() == byte else { return false }
        self.offset += 1
        return true
    }

    /// Takes a word such as `null`.
    mutating func expect(word: StaticString) throws(JSONFault) {
        let end = self.offset + word.utf8CodeUnitCount
        guard end <= self.bytes.count else { throw .truncated }
        guard self.bytes[self.offset..<end].elementsEqual(word.description.utf8) else { throw .malformed }
        self.offset = end
    }

    /// Takes a text of plain ASCII and gives where it stands; takes nothing where it is none.
    mutating func readPlainString() throws(JSONFault) -> Range<Int>? {
        guard try self.peek() == UInt8(ascii: "\"") else { throw .malformed }
        var end = self.offset + 1
        while end < self.bytes.count {
            let byte = self.bytes[end]
            if byte == UInt8(ascii: "\"") {
                defer { self.offset = end + 1 }
                return self.offset + 1..<end
            }
            guard (0x20..<0x80).contains(byte), byte != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        throw .truncated
    }

    /// Takes a text and gives it decoded.
    mutating func readString() throws(JSONFault) -> String {
        try self.expect(UInt8(ascii: "\""))
        let start = self.offset
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: self.bytes[start..<self.offset], as: UTF8.self) else {
                    throw .invalidText
                }
                self.offset += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try self.readEscapedString(from: start) }
            guard byte >= 0x20 else { throw .malformed }
            self.offset += 1
        }
        throw .truncated
    }

    /// Takes a number: whole where it is written so and fits, else real.
    mutating func readNumber() throws(JSONFault) -> Value {
        _ = try self.peek()
        let start = self.offset
        let isWhole = try self.skipNumber()
        let text = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        if isWhole {
            if let number = Int64(text) { return .integer(number) }
            if let number = UInt64(text) { return .unsigned(number) }
        }
        guard let number = Double(text), number.isFinite else { throw .malformed }
        return .real(number)
    }

    /// Passes over a value of any kind, checking it as strictly as reading would.
    mutating func skipValue(depth: Int) throws(JSONFault) {
        guard depth > 0 else { throw .tooDeep }
        switch try self.peek() {
        case UInt8(ascii: "\""): _ = try self.readString()
        case UInt8(ascii: "{"): try self.skipObject(depth: depth)
        case UInt8(ascii: "["): try self.skipArray(depth: depth)
        case UInt8(ascii: "t"): try self.expect(word: "true")
        case UInt8(ascii: "f"): try self.expect(word: "false")
        case UInt8(ascii: "n"): try self.expect(word: "null")
        default: _ = try self.readNumber()
        }
    }

    private mutating func skipObject(depth: Int) throws(JSONFault) {
        try self.expect(UInt8(ascii: "{"))
        if try self.take(UInt8(ascii: "}")) { return }
        repeat {
            _ = try self.readString()
            try self.expect(UInt8(ascii: ":"))
            try self.skipValue(depth: depth - 1)
        } while try self.take(UInt8(ascii: ","))
        try self.expect(UInt8(ascii: "}"))
    }

    private mutating func skipArray(depth: Int) throws(JSONFault) {
        try self.expect(UInt8(ascii: "["))
        if try self.take(UInt8(ascii: "]")) { return }
        repeat { try self.skipValue(depth: depth - 1) } while try self.take(UInt8(ascii: ","))
        try self.expect(UInt8(ascii: "]"))
    }

    /// Passes over a number by RFC 8259 §6 and says whether it has neither fraction nor exponent.
    private mutating func skipNumber() throws(JSONFault) -> Bool {
        self.skip(UInt8(ascii: "-"))
        if !self.skip(UInt8(ascii: "0")) { try self.skipDigits() }
        var isWhole = true
        if self.skip(UInt8(ascii: ".")) {
            isWhole = false
            try self.skipDigits()
        }
        if self.skip(UInt8(ascii: "e")) || self.skip(UInt8(ascii: "E")) {
            isWhole = false
            if !self.skip(UInt8(ascii: "+")) { self.skip(UInt8(ascii: "-")) }
            try self.skipDigits()
        }
        return isWhole
    }

    private mutating func skipDigits() throws(JSONFault) {
        let start = self.offset
        while self.offset < self.bytes.count, (0x30...0x39).contains(self.bytes[self.offset]) { self.offset += 1 }
        guard self.offset > start else { throw self.offset < self.bytes.count ? .malformed : .truncated }
    }

    @discardableResult
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard self.offset < self.bytes.count, self.bytes[self.offset] == byte else { return false }
        self.offset += 1
        return true
    }
}

/// What is wrong with a JSON text at the scanner's position.
enum JSONFault: Error {
    case truncated, malformed, invalidText, tooDeep
}
