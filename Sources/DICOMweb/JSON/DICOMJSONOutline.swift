/// Where the texts of a data set stand in its DICOM JSON, for those who copy them and need no values.
///
/// There is one of what ``DICOMJSON`` writes for the attributes that studies usually have: without white space, ascending
/// by tag. There is none where something rarer occurs, such as an escape, a fraction or an absent value; that has to be
/// read. Whatever has an outline can be read.
package struct DICOMJSONOutline: Hashable, Sendable {
    /// The whole text, in UTF-8.
    package let bytes: [UInt8]
    private let places: [Place]
    /// Where each attribute stands as a whole, ascending by tag.
    package let elements: [Part]

    /// Where the first value of an attribute stands, or a group of it where it is a name.
    package struct Place: Hashable, Sendable {
        /// The attribute.
        package let tag: Tag
        /// The group of a person name; nil for a value that is none.
        package let group: Group?
        /// Its bytes, without quotation marks; whole numbers are digits.
        package let range: Range<Int>
    }

    /// An attribute as a member of the text.
    package struct Part: Hashable, Sendable {
        /// The attribute.
        package let tag: Tag
        /// From the quotation mark before the tag to the end of the element.
        package let range: Range<Int>
    }

    /// The groups of a person name.
    package enum Group: Hashable, Sendable {
        /// In single-byte or otherwise alphabetic characters.
        case alphabetic
        /// In ideographic characters.
        case ideographic
        /// In phonetic characters.
        case phonetic
    }

    /// The longest text that has an outline, in bytes.
    private static let bytesMax = 1_048_576

    /// Nil where the text has no outline.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.bytesMax else { return nil }
        let found = bytes.withUnsafeBufferPointer { buffer -> (places: [Place], elements: [Part])? in
            var walk = Walk(bytes: buffer)
            return walk.isWhole() ? (walk.places, walk.elements) : nil
        }
        guard let found else { return nil }
        self.bytes = bytes
        self.places = found.places
        self.elements = found.elements
    }

    /// Where the first value of the attribute stands, each group of a name by itself; empty where it has none.
    package func places(of tag: Tag) -> ArraySlice<Place> {
        guard let first = self.places.firstIndex(where: { $0.tag == tag }) else { return [] }
        let end = self.places[first...].firstIndex { $0.tag != tag } ?? self.places.endIndex
        return self.places[first..<end]
    }

    /// The attributes, read.
    package var dataSet: DataSet {
        do throws(DICOMJSONError) {
            return try DICOMJSON.dataSet(from: self.bytes)
        } catch {
            preconditionFailure("a text with an outline can be read: \(error)")
        }
    }
}

/// Walks once over the text and notes what stands where; everything it meets but does not know ends it.
private struct Walk {
    let bytes: UnsafeBufferPointer<UInt8>
    var places: [DICOMJSONOutline.Place] = []
    var elements: [DICOMJSONOutline.Part] = []
    private var offset = 0
    private var isASCII = true

    /// Sequences inside one another; far fewer than may be read.
    private static let depthMax = 8
    /// Digits of a whole number that fits in any case.
    private static let digitsMax = 15
    private static let quote = UInt8(ascii: "\"")

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        self.places.reserveCapacity(24)
        self.elements.reserveCapacity(24)
    }

    mutating func isWhole() -> Bool {
        guard self.dataSet(depth: 0), self.offset == self.bytes.count else { return false }
        return self.isASCII || String(validating: self.bytes, as: UTF8.self) != nil
    }

    private mutating func dataSet(depth: Int) -> Bool {
        guard depth <= Self.depthMax, self.take("{") else { return false }
        if self.take("}") { return true }
        var last: Tag?
        repeat {
            let start = self.offset
            guard let tag = self.tag(), last.map({ $0 < tag }) ?? true, self.element(tag, depth: depth) else {
                return false
            }
            if depth == 0 { self.elements.append(DICOMJSONOutline.Part(tag: tag, range: start..<self.offset)) }
            last = tag
        } while self.take(",")
        return self.take("}")
    }

    /// A tag as the name of a member, with its colon.
    private mutating func tag() -> Tag? {
        let end = self.offset + 9
        guard end + 1 < self.bytes.count, self.bytes[self.offset] == Self.quote, self.bytes[end] == Self.quote,
            self.bytes[end + 1] == UInt8(ascii: ":")
        else { return nil }
        var number: UInt32 = 0
        for index in (self.offset + 1)..<end {
            let byte = self.bytes[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "A")...UInt8(ascii: "F"): number = number << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        self.offset = end + 2
        return Tag(number)
    }

    private mutating func element(_ tag: Tag, depth: Int) -> Bool {
        guard self.take("{\"vr\":\""), self.offset + 2 < self.bytes.count,
            let vr = VR(self.bytes[self.offset], self.bytes[self.offset + 1])
        else { return false }
        self.offset += 2
        if self.take("\"}") { return true }
        guard self.take("\",\"Value\":[") else { return false }
        var noted = depth == 0 ? tag : nil
        repeat {
            guard self.value(vr, of: noted, depth: depth) else { return false }
            noted = nil
        } while self.take(",")
        return self.take("]}")
    }

    private mutating func value(_ vr: VR, of tag: Tag?, depth: Int) -> Bool {
        if vr == .SQ { return self.dataSet(depth: depth + 1) }
        if vr == .PN { return self.name(of: tag) }
        guard self.offset < self.bytes.count else { return false }
        let isText = self.bytes[self.offset] == Self.quote
        // Text for a number must be one.
        guard !isText || !vr.isNumber, let range = isText ? self.text() : self.number() else { return false }
        if let tag { self.places.append(DICOMJSONOutline.Place(tag: tag, group: nil, range: range)) }
        return true
    }

    /// The groups of a name in their order, at least one.
    private mutating func name(of tag: Tag?) -> Bool {
        guard self.take("{") else { return false }
        var isFirst = true
        for (name, group) in Self.groups where self.take(isFirst ? name.first : name.next) {
            guard let range = self.text() else { return false }
            if let tag { self.places.append(DICOMJSONOutline.Place(tag: tag, group: group, range: range)) }
            isFirst = false
        }
        return !isFirst && self.take("}")
    }

    private static let groups: [((first: StaticString, next: StaticString), DICOMJSONOutline.Group)] = [
        (("\"Alphabetic\":", ",\"Alphabetic\":"), .alphabetic),
        (("\"Ideographic\":", ",\"Ideographic\":"), .ideographic),
        (("\"Phonetic\":", ",\"Phonetic\":"), .phonetic),
    ]

    /// A text without escapes.
    private mutating func text() -> Range<Int>? {
        guard self.take("\"") else { return nil }
        let start = self.offset
        var index = start
        while index < self.bytes.count {
            let byte = self.bytes[index]
            if byte == Self.quote {
                self.offset = index + 1
                return start..<index
            }
            guard byte >= 0x20, byte != UInt8(ascii: "\\") else { return nil }
            if byte >= 0x80 { self.isASCII = false }
            index += 1
        }
        return nil
    }

    private mutating func number() -> Range<Int>? {
        let start = self.offset
        var end = start
        while end < self.bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self.bytes[end]) { end += 1 }
        guard end > start, end - start <= Self.digitsMax,
            end - start == 1 || self.bytes[start] != UInt8(ascii: "0")
        else { return nil }
        self.offset = end
        return start..<end
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard self.offset + count <= self.bytes.count else { return false }
        let isThere = word.withUTF8Buffer { expected in
            for index in 0..<count where self.bytes[self.offset + index] != expected[index] { return false }
            return true
        }
        if isThere { self.offset += count }
        return isThere
    }
}
