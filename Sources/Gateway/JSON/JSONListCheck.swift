import NIOCore

/// Says of a JSON array that comes in chunks whether it is one (RFC 8259), and holds nothing of it.
///
/// What the texts in it say is for its reader: an escape must be one, and whether bytes are UTF-8 is not looked at.
struct JSONListCheck: Sendable {
    /// The body is no JSON array, ends before it does, or goes on after it.
    struct Fault: Error, Hashable {}

    /// Arrays and objects inside one another at the most: 32 levels of sequences have three times as many.
    private static let depthMax = 256

    private enum Place: Hashable {
        case beforeList
        /// A value must come.
        case value
        /// A value, or the end of the array that has just begun.
        case firstValue
        /// A member's name must come.
        case name
        /// A name, or the end of the object that has just begun.
        case firstName
        case colon
        /// A comma, or the end of what is open.
        case afterValue
        case text(isName: Bool)
        case escape(isName: Bool)
        /// So many digits of an escape are left.
        case code(left: Int, isName: Bool)
        case number(NumberPart)
        /// So many bytes of the word have come.
        case word(Word, Int)
        case afterList
    }

    private enum NumberPart: Hashable {
        case minus, zero, digits, point, fraction, exponent, exponentSign, exponentDigits

        /// Whether a number may end here.
        var isWhole: Bool {
            switch self {
            case .zero, .digits, .fraction, .exponentDigits: true
            case .minus, .point, .exponent, .exponentSign: false
            }
        }

        /// Nil where the byte does not belong to the number.
        func next(_ byte: UInt8) -> NumberPart? {
            let isDigit = (0x30...0x39).contains(byte)
            switch self {
            case .minus: return isDigit ? byte == 0x30 ? .zero : .digits : nil
            case .digits where isDigit: return .digits
            case .zero, .digits: return byte == UInt8(ascii: ".") ? .point : Self.exponent(byte)
            case .point: return isDigit ? .fraction : nil
            case .fraction: return isDigit ? .fraction : Self.exponent(byte)
            case .exponent:
                let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                return isSign ? .exponentSign : isDigit ? .exponentDigits : nil
            case .exponentSign, .exponentDigits: return isDigit ? .exponentDigits : nil
            }
        }

        private static func exponent(_ byte: UInt8) -> NumberPart? {
            byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") ? .exponent : nil
        }
    }

    private enum Word: Hashable {
        case yes, no, nothing

        /// Made once: it is asked for at each byte.
        var bytes: [UInt8] {
            switch self {
            case .yes: Self.yesBytes
            case .no: Self.noBytes
            case .nothing: Self.nothingBytes
            }
        }

        private static let yesBytes = Array("true".utf8)
        private static let noBytes = Array("false".utf8)
        private static let nothingBytes = Array("null".utf8)
    }

    private var place = Place.beforeList
    /// What is open, outermost first: whether it is an object.
    private var isObject: [Bool] = []

    /// Takes the next chunk; throws where it cannot go on so.
    mutating func append(_ chunk: ByteBuffer) throws(Fault) {
        for byte in chunk.readableBytesView {
            // Most of a list is text.
            if case .text = self.place, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                continue
            }
            try self.take(byte)
        }
    }

    /// Throws where the body ended before the list did.
    func finish() throws(Fault) {
        guard self.place == .afterList else { throw Fault() }
    }

    private mutating func take(_ byte: UInt8) throws(Fault) {
        switch self.place {
        case .text(let isName):
            switch byte {
            case UInt8(ascii: "\""): self.place = isName ? .colon : .afterValue
            case UInt8(ascii: "\\"): self.place = .escape(isName: isName)
            default: throw Fault()
            }
        case .escape(let isName):
            guard #""\/bfnrtu"#.utf8.contains(byte) else { throw Fault() }
            self.place = byte == UInt8(ascii: "u") ? .code(left: 4, isName: isName) : .text(isName: isName)
        case .code(let left, let isName):
            let letter = byte | 0x20
            guard (0x30...0x39).contains(byte) || (0x61...0x66).contains(letter) else { throw Fault() }
            self.place = left == 1 ? .text(isName: isName) : .code(left: left - 1, isName: isName)
        case .number(let part):
            if let next = part.next(byte) {
                self.place = .number(next)
            } else {
                guard part.isWhole else { throw Fault() }
                self.place = .afterValue
                try self.take(byte)
            }
        case .word(let word, let count):
            let bytes = word.bytes
            guard byte == bytes[count] else { throw Fault() }
            self.place = count + 1 == bytes.count ? .afterValue : .word(word, count + 1)
        case .beforeList, .value, .firstValue, .name, .firstName, .colon, .afterValue, .afterList:
            guard byte != 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D else { return }
            try self.step(byte)
        }
    }

    /// A byte between the values.
    private mutating func step(_ byte: UInt8) throws(Fault) {
        switch (self.place, byte) {
        case (.beforeList, UInt8(ascii: "[")), (.value, UInt8(ascii: "[")), (.firstValue, UInt8(ascii: "[")):
            try self.open(isObject: false)
        case (.firstValue, UInt8(ascii: "]")), (.firstName, UInt8(ascii: "}")): self.close()
        case (.value, _), (.firstValue, _): try self.begin(byte)
        case (.name, UInt8(ascii: "\"")), (.firstName, UInt8(ascii: "\"")): self.place = .text(isName: true)
        case (.colon, UInt8(ascii: ":")): self.place = .value
        case (.afterValue, UInt8(ascii: ",")): self.place = self.isObject.last == true ? .name : .value
        case (.afterValue, UInt8(ascii: "]")) where self.isObject.last == false: self.close()
        case (.afterValue, UInt8(ascii: "}")) where self.isObject.last == true: self.close()
        default: throw Fault()
        }
    }

    /// The first byte of a value that is no array.
    private mutating func begin(_ byte: UInt8) throws(Fault) {
        switch byte {
        case UInt8(ascii: "{"): try self.open(isObject: true)
        case UInt8(ascii: "\""): self.place = .text(isName: false)
        case UInt8(ascii: "-"): self.place = .number(.minus)
        case 0x30: self.place = .number(.zero)
        case 0x31...0x39: self.place = .number(.digits)
        case UInt8(ascii: "t"): self.place = .word(.yes, 1)
        case UInt8(ascii: "f"): self.place = .word(.no, 1)
        case UInt8(ascii: "n"): self.place = .word(.nothing, 1)
        default: throw Fault()
        }
    }

    private mutating func open(isObject: Bool) throws(Fault) {
        guard self.isObject.count < Self.depthMax else { throw Fault() }
        self.isObject.append(isObject)
        self.place = isObject ? .firstName : .firstValue
    }

    private mutating func close() {
        self.isObject.removeLast()
        self.place = self.isObject.isEmpty ? .afterList : .afterValue
    }
}
