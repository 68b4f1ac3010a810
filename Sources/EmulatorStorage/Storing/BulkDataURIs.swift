internal import DICOMFiles
internal import DICOMweb
internal import NIOCore

/// The bulk data URIs in stored DICOM JSON.
///
/// A file's JSON has them relative to the instance (`"BulkDataURI":"bulkdata/7FE00010"`). The index keeps them relative
/// to the root of the store's DICOMweb service together with their places, so that an answer only puts the root in.
enum BulkDataURIs {
    /// The key can stand in no JSON string, because a quotation mark in one is escaped.
    private static let key = Array(#""BulkDataURI":""#.utf8)
    private static let relative = Array("bulkdata/".utf8)

    /// The text with each URI lengthened to begin with `studies/`, and the places where they begin.
    static func anchored(_ json: [UInt8], _ identity: ObjectIdentity) -> (json: [UInt8], offsets: [UInt32]) {
        let path = """
            studies/\(identity.studyInstanceUID.rawValue)/series/\(identity.seriesInstanceUID.rawValue)\
            /instances/\(identity.sopInstanceUID.rawValue)/
            """
        var anchored: [UInt8] = []
        var offsets: [UInt32] = []
        var copied = 0
        for place in self.places(in: json) where json[place...].starts(with: self.relative) {
            anchored.append(contentsOf: json[copied..<place])
            offsets.append(UInt32(anchored.count))
            anchored.append(contentsOf: path.utf8)
            copied = place
        }
        anchored.append(contentsOf: json[copied...])
        return (anchored, offsets)
    }

    /// Where the URIs of a text begin.
    static func places(in json: [UInt8]) -> [Int] {
        json.withUnsafeBytes { bytes in
            var places: [Int] = []
            var index = 0
            let last = bytes.count - self.key.count
            while index <= last {
                // The second byte is the rarer one in this text: most quotation marks do not open this key.
                guard bytes[index + 1] == self.key[1], bytes[index] == self.key[0],
                    bytes[index..<(index + self.key.count)].elementsEqual(self.key)
                else {
                    index += 1
                    continue
                }
                index += self.key.count
                places.append(index)
            }
            return places
        }
    }

    /// Appends the text with the root put in at each of the places.
    static func append(_ json: [UInt8], _ offsets: some Sequence<Int>, root: [UInt8], to buffer: inout ByteBuffer) {
        var copied = 0
        for offset in offsets {
            buffer.writeBytes(json[copied..<offset])
            buffer.writeBytes(root)
            copied = offset
        }
        buffer.writeBytes(json[copied...])
    }

    /// The text with the root put in wherever there is a URI.
    static func rooted(_ json: [UInt8], root: [UInt8]) -> [UInt8] {
        self.rooted(json, self.places(in: json), root: root)
    }

    /// The text with the root put in at each of the places.
    static func rooted(_ json: [UInt8], _ places: [Int], root: [UInt8]) -> [UInt8] {
        guard !places.isEmpty else { return json }
        var rooted: [UInt8] = []
        var copied = 0
        for place in places {
            rooted.append(contentsOf: json[copied..<place])
            rooted.append(contentsOf: root)
            copied = place
        }
        rooted.append(contentsOf: json[copied...])
        return rooted
    }

    /// The places as the bytes of a column: four for each, the high one first.
    static func encoded(_ offsets: [UInt32]) -> [UInt8] {
        offsets.flatMap { offset in (0..<4).map { UInt8(truncatingIfNeeded: offset >> (24 - 8 * $0)) } }
    }

    /// The places of a column's bytes.
    static func decoded(_ bytes: [UInt8]) -> [Int] {
        stride(from: 0, to: bytes.count - 3, by: 4).map { start in
            bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
    }

    /// The root of the service as it stands inside a JSON string, with a `/` at its end.
    static func root(_ text: String) -> [UInt8] {
        var root: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): root += [UInt8(ascii: "\\"), byte]
            // A control character in a URL would be a fault of the caller; it must not break the JSON.
            case 0..<0x20: break
            default: root.append(byte)
            }
        }
        if root.last != UInt8(ascii: "/") { root.append(UInt8(ascii: "/")) }
        return root
    }
}
