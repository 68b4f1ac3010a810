import DICOMweb
import NIOCore

/// The study that a DICOM file is of, read from its beginning.
///
/// It only serves to decide before anything is written; the file then goes to the study's own address, where the upstream
/// refuses what is of another study. A file that is packed, or begins with more than the limit, does not tell.
struct StudyOfFile: Sendable {
    /// How many bytes are looked at and kept in memory: what stands before the study is text for people, mostly.
    static let bytesMax = 1024 * 1024
    /// The number of sequences inside one another that are walked over.
    private static let depthMax = 16

    private enum Failure: Error {
        /// More bytes may help.
        case incomplete
        case unreadable
    }

    /// Reads as much as is needed and gives the stream from its beginning again.
    static func read(_ stream: ByteStream) async throws -> (StudyUID?, ByteStream) {
        let source = StreamSource(stream)
        var head: [ByteBuffer] = []
        var bytes: [UInt8] = []
        var tried = 0
        while bytes.count < Self.bytesMax, let chunk = try await source.next() {
            head.append(chunk)
            bytes.append(contentsOf: chunk.readableBytesView)
            // Each try walks from the beginning: they are made at doubled lengths.
            guard bytes.count >= max(2 * tried, 4_096) || bytes.count >= Self.bytesMax else { continue }
            tried = bytes.count
            do throws(Failure) {
                return (try Self.study(in: bytes), ResumedStream(head: head, rest: source))
            } catch {
                guard error == .incomplete else { return (nil, ResumedStream(head: head, rest: source)) }
            }
        }
        return (Self.find(bytes), ResumedStream(head: head, rest: source))
    }

    /// The study; nil where the bytes do not tell.
    static func find(_ bytes: [UInt8]) -> StudyUID? {
        do throws(Failure) {
            return try Self.study(in: bytes)
        } catch {
            return nil
        }
    }

    private static func study(in bytes: [UInt8]) throws(Failure) -> StudyUID? {
        guard bytes.count > 132 else { throw .incomplete }
        guard bytes[128..<132].elementsEqual("DICM".utf8) else { throw .unreadable }
        var walk = Walk(bytes: bytes, position: 132, form: .explicitLittle)
        let syntax = try walk.transferSyntax()
        guard let form = Form(transferSyntax: syntax) else { throw .unreadable }
        walk.form = form
        return try walk.study()
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

    private struct Head {
        let tag: Tag
        let isUnknown: Bool
        /// Nil where it is not defined, and items follow up to a delimiter.
        let length: Int?
    }

    /// Walks over elements, in order and without looking at values.
    private struct Walk {
        let bytes: [UInt8]
        var position: Int
        var form: Form

        /// Reads group 0002 to its end and gives the transfer syntax.
        mutating func transferSyntax() throws(Failure) -> String {
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

        mutating func study() throws(Failure) -> StudyUID? {
            var last = Tag(0x0002, 0xFFFF)
            while true {
                let head = try self.head()
                // Tags ascend (PS3.5 §7.1): a file in which they do not could be read in two ways.
                guard head.tag > last, head.tag <= .studyInstanceUID else { throw .unreadable }
                last = head.tag
                guard head.tag != .studyInstanceUID else {
                    guard let length = head.length else { throw .unreadable }
                    return StudyUID(Self.uid(try self.take(length)))
                }
                try self.skip(head, depth: 0)
            }
        }

        private mutating func skip(_ head: Head, depth: Int) throws(Failure) {
            if let length = head.length {
                _ = try self.take(length)
                return
            }
            guard depth < StudyOfFile.depthMax else { throw .unreadable }
            let form = self.form
            // What is in a sequence of unknown kind is written as implicit (PS3.5 §6.2.2).
            if head.isUnknown { self.form = .implicitLittle }
            defer { self.form = form }
            while true {
                let item = try self.itemHead()
                if item.tag == Tag(0xFFFE, 0xE0DD) { return }
                guard item.tag == Tag(0xFFFE, 0xE000) else { throw .unreadable }
                if let length = item.length {
                    _ = try self.take(length)
                } else {
                    try self.skipItem(depth: depth + 1)
                }
            }
        }

        private mutating func skipItem(depth: Int) throws(Failure) {
            while try self.tag(self.position) != Tag(0xFFFE, 0xE00D) {
                try self.skip(try self.head(), depth: depth)
            }
            _ = try self.itemHead()
        }

        private mutating func itemHead() throws(Failure) -> Head {
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

        private mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
            guard self.position + count <= self.bytes.count else { throw .incomplete }
            defer { self.position += count }
            return self.bytes[self.position..<(self.position + count)]
        }

        private static func uid(_ value: ArraySlice<UInt8>) -> String {
            var value = value
            while value.last == 0 || value.last == 0x20 { value.removeLast() }
            return String(decoding: value, as: UTF8.self)
        }
    }
}
