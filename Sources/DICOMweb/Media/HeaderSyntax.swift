/// A cursor over the text of a header field: tokens, quoted texts and optional white space (RFC 9110 §5.6).
struct HeaderSyntax {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ text: some StringProtocol) {
        self.bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { self.offset == self.bytes.count }

    mutating func skipWhitespace() {
        while self.offset < self.bytes.count, self.bytes[self.offset] == 0x20 || self.bytes[self.offset] == 0x09 {
            self.offset += 1
        }
    }

    /// Takes the given character if it comes next, white space around it too.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        let before = self.offset
        self.skipWhitespace()
        guard self.offset < self.bytes.count, self.bytes[self.offset] == UInt8(ascii: character) else {
            self.offset = before
            return false
        }
        self.offset += 1
        self.skipWhitespace()
        return true
    }

    /// Passes over everything up to the given character, quoted texts as a whole.
    mutating func skip(to character: Unicode.Scalar) {
        while self.offset < self.bytes.count, self.bytes[self.offset] != UInt8(ascii: character) {
            if self.bytes[self.offset] == UInt8(ascii: "\""), self.quotedString() != nil { continue }
            self.offset += 1
        }
    }

    /// A token (RFC 9110 §5.6.2), in lower case.
    mutating func lowercasedToken() -> String? {
        self.run { Self.isTokenByte($0) }?.lowercased()
    }

    /// The value of a parameter: quoted, or bare with every visible character up to a separator.
    ///
    /// Bare values may hold slashes and more, against the grammar, because clients send `type=application/dicom`.
    mutating func parameterValue() -> String? {
        if self.offset < self.bytes.count, self.bytes[self.offset] == UInt8(ascii: "\"") { return self.quotedString() }
        return self.run { byte in
            (0x21...0x7E).contains(byte) && byte != UInt8(ascii: ";") && byte != UInt8(ascii: ",")
                && byte != UInt8(ascii: "\"")
        }
    }

    private mutating func run(while belongs: (UInt8) -> Bool) -> String? {
        let start = self.offset
        while self.offset < self.bytes.count, belongs(self.bytes[self.offset]) { self.offset += 1 }
        guard self.offset > start else { return nil }
        return String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
    }

    private mutating func quotedString() -> String? {
        var index = self.offset + 1
        var text: [UInt8] = []
        while index < self.bytes.count {
            let byte = self.bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                self.offset = index
                return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard index < self.bytes.count else { return nil }
                text.append(self.bytes[index])
                index += 1
            case 0x09, 0x20...0x7E, 0x80...0xFF: text.append(byte)
            default: return nil
            }
        }
        return nil
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
