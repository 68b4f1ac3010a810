/// Some members of a DICOM JSON object, ready to be merged with others and written out without parsing.
///
/// The bytes are records in ascending order of tag: four bytes of group and element, four bytes of length, both with
/// the high byte first, then the member's text, such as `"00100020":{"vr":"LO","Value":["7"]}`.
struct AttributeFragment: Sendable, Hashable {
    let bytes: [UInt8]

    private static let headBytes = 8

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The members of the text whose tags pass the test.
    init(_ json: [UInt8], _ members: JSONMembers, where isWanted: (UInt32) -> Bool) {
        var bytes: [UInt8] = []
        for (tag, range) in members.members where isWanted(tag) {
            Self.appendNumber(tag, to: &bytes)
            Self.appendNumber(UInt32(range.count), to: &bytes)
            bytes.append(contentsOf: json[range])
        }
        self.bytes = bytes
    }

    /// The members of both; where a tag is in both, that of `lower` counts.
    func merged(with lower: AttributeFragment) -> AttributeFragment {
        guard !lower.bytes.isEmpty else { return self }
        guard !self.bytes.isEmpty else { return lower }
        var merged: [UInt8] = []
        merged.reserveCapacity(self.bytes.count + lower.bytes.count)
        Self.merge(self, lower) { merged.append(contentsOf: $0) }
        return AttributeFragment(bytes: merged)
    }

    /// The members whose tags pass the test.
    func filtered(_ isWanted: (UInt32) -> Bool) -> AttributeFragment {
        var kept: [UInt8] = []
        self.bytes.withUnsafeBytes { bytes in
            var records = Records(bytes)
            while let record = records.next() {
                if isWanted(record.tag) { kept.append(contentsOf: record.whole) }
            }
        }
        return AttributeFragment(bytes: kept)
    }

    /// The JSON object of the members of both.
    func json(mergedWith lower: AttributeFragment) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(self.bytes.count + lower.bytes.count + 2)
        json.append(UInt8(ascii: "{"))
        Self.merge(self, lower) { record in
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            json.append(contentsOf: UnsafeRawBufferPointer(rebasing: record.dropFirst(Self.headBytes)))
        }
        json.append(UInt8(ascii: "}"))
        return json
    }

    /// Calls the closure with each whole record of both in ascending order.
    private static func merge(
        _ upper: AttributeFragment,
        _ lower: AttributeFragment,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        upper.bytes.withUnsafeBytes { upperBytes in
            lower.bytes.withUnsafeBytes { lowerBytes in
                var uppers = Records(upperBytes)
                var lowers = Records(lowerBytes)
                var first = uppers.next()
                var second = lowers.next()
                while let next = second {
                    if let other = first, other.tag < next.tag {
                        body(other.whole)
                        first = uppers.next()
                        continue
                    }
                    if first?.tag == next.tag { first = uppers.next() }
                    body(next.whole)
                    second = lowers.next()
                }
                while let other = first {
                    body(other.whole)
                    first = uppers.next()
                }
            }
        }
    }

    private static func appendNumber(_ number: UInt32, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) })
    }

    /// Walks over the records of a fragment.
    private struct Records {
        private let bytes: UnsafeRawBufferPointer
        private var offset = 0

        init(_ bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        mutating func next() -> (tag: UInt32, whole: UnsafeRawBufferPointer)? {
            guard self.offset + AttributeFragment.headBytes <= self.bytes.count else { return nil }
            let tag = self.number(at: self.offset)
            let end = self.offset + AttributeFragment.headBytes + Int(self.number(at: self.offset + 4))
            guard end <= self.bytes.count else { return nil }
            defer { self.offset = end }

            return (tag, UnsafeRawBufferPointer(rebasing: self.bytes[self.offset..<end]))
        }

        private func number(at offset: Int) -> UInt32 {
            UInt32(bigEndian: self.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }
}
