import DICOMweb

/// Walks over the elements at the beginning of a DICOM file (PS3.5 §7), in order and without looking at values.
///
/// Where bytes end too early it throws `incomplete`: with more of them it may go further.
struct ElementWalk {
    enum Failure: Error {
        /// More bytes may help.
        case incomplete
        case unreadable
    }

    /// How elements are written (PS3.5 §7.1, §A).
    private enum Form {
        case implicitLittle
        case explicitLittle
        case explicitBig

        init?(transferSyntax: String) {
            switch transferSyntax {
            case "1.2.840.10008.1.2": self = .implicitLittle
            case "1.2.840.10008.1.2.2": self = .explicitBig
            case "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1": return nil
            default: self = .explicitLittle
            }
        }
    }

    /// The beginning of an element or an item.
    struct Head {
        let tag: Tag
        let isUnknown: Bool
        /// Nil where it is not defined, and items follow up to a delimiter.
        let length: Int?
    }

    /// The number of sequences inside one another that are walked over.
    private static let depthMax = 16

    private let bytes: [UInt8]
    private(set) var position = 132
    private var form = Form.explicitLittle
    private var last = Tag(0x0002, 0xFFFF)
    private(set) var transferSyntax = ""

    /// Reads the preamble and group 0002; the walk stands at the data set then.
    ///
    /// What is packed cannot be walked over.
    init(file bytes: [UInt8]) throws(Failure) {
        guard bytes.count > 132 else { throw .incomplete }
        guard bytes[128..<132].elementsEqual("DICM".utf8) else { throw .unreadable }
        self.bytes = bytes
        self.transferSyntax = try self.readTransferSyntax()
        guard let form = Form(transferSyntax: self.transferSyntax) else { throw .unreadable }
        self.form = form
    }

    /// Reads group 0002 to its end and gives the transfer syntax.
    private mutating func readTransferSyntax() throws(Failure) -> String {
        var syntax: String?
        while try self.number(self.position, 2) == 0x0002 {
            let head = try self.head()
            guard let length = head.length else { throw .unreadable }
            let value = try self.take(length)
            if head.tag == Tag(0x0002, 0x0010) { syntax = Self.uid(value) }
        }
        guard let syntax else { throw .unreadable }
        return syntax
    }

    /// Goes to the value of a top-level element and gives its head; `unreadable` where the file goes on without it.
    mutating func advance(to wanted: Tag) throws(Failure) -> Head {
        while true {
            let head = try self.head()
            // Tags ascend (PS3.5 §7.1): a file in which they do not could be read in two ways.
            guard head.tag > self.last, head.tag <= wanted else { throw .unreadable }
            self.last = head.tag
            guard head.tag != wanted else { return head }
            try self.skip(head, depth: 0)
        }
    }

    private mutating func skip(_ head: Head, depth: Int) throws(Failure) {
        if let length = head.length {
            _ = try self.take(length)
            return
        }
        guard depth < Self.depthMax else { throw .unreadable }
        let form = self.form
        // What is in a sequence of unknown kind is written as implicit (PS3.5 §6.2.2).
        if head.isUnknown { self.form = .implicitLittle }
        defer { self.form = form }
        while true {
            let item = try self.itemHead()
            if item.tag == .sequenceDelimiter { return }
            guard item.tag == .itemStart else { throw .unreadable }
            if let length = item.length {
                _ = try self.take(length)
            } else {
                try self.skipItem(depth: depth + 1)
            }
        }
    }

    private mutating func skipItem(depth: Int) throws(Failure) {
        while try self.tag(self.position) != .itemDelimiter {
            try self.skip(try self.head(), depth: depth)
        }
        _ = try self.itemHead()
    }

    /// The beginning of an item, or of what ends one or a sequence.
    mutating func itemHead() throws(Failure) -> Head {
        let tag = try self.tag(self.position)
        let length = try self.number(self.position + 4, 4)
        self.position += 8
        return Head(tag: tag, isUnknown: false, length: length == 0xFFFF_FFFF ? nil : length)
    }

    private mutating func head() throws(Failure) -> Head {
        let tag = try self.tag(self.position)
        guard self.form != .implicitLittle, tag.group != 0xFFFE else { return try self.itemHead() }
        guard self.position + 8 <= self.bytes.count else { throw .incomplete }
        let representation = self.bytes[(self.position + 4)..<(self.position + 6)]
        guard representation.allSatisfy({ (0x41...0x5A).contains($0) }) else { throw .unreadable }
        let name = String(decoding: representation, as: UTF8.self)
        let isLong = Self.longForms.contains(name)
        let length =
            isLong ? try self.number(self.position + 8, 4) : try self.number(self.position + 6, 2)
        self.position += isLong ? 12 : 8
        let isOpen = isLong && length == 0xFFFF_FFFF
        return Head(tag: tag, isUnknown: name == "UN", length: isOpen ? nil : length)
    }

    private static let longForms: Set<String> = [
        "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV",
    ]

    private func tag(_ position: Int) throws(Failure) -> Tag {
        Tag(UInt16(try self.number(position, 2)), UInt16(try self.number(position + 2, 2)))
    }

    private func number(_ position: Int, _ count: Int) throws(Failure) -> Int {
        guard position + count <= self.bytes.count else { throw .incomplete }
        let bytes = self.bytes[position..<(position + count)]
        let number = { (number: Int, byte: UInt8) in number << 8 | Int(byte) }
        return self.form == .explicitBig ? bytes.reduce(0, number) : bytes.reversed().reduce(0, number)
    }

    /// The next bytes.
    mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
        guard self.position + count <= self.bytes.count else { throw .incomplete }
        defer { self.position += count }
        return self.bytes[self.position..<(self.position + count)]
    }

    /// The text of a UID without its padding.
    static func uid(_ value: ArraySlice<UInt8>) -> String {
        var value = value
        while value.last == 0 || value.last == 0x20 { value.removeLast() }
        return String(decoding: value, as: UTF8.self)
    }
}

extension Tag {
    static let itemStart = Tag(0xFFFE, 0xE000)
    static let itemDelimiter = Tag(0xFFFE, 0xE00D)
    static let sequenceDelimiter = Tag(0xFFFE, 0xE0DD)
}
