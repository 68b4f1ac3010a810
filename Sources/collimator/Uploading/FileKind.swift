/// What a file is by its first bytes; its name does not count.
enum FileKind: Sendable, Equatable {
    case dicom
    /// An index of a medium (PS3.10 §8): it lists files and is none to store.
    case dicomDirectory
    case zip
    case other

    /// How many bytes of the beginning are looked at.
    static let prefixBytes = 1024

    init(prefix: [UInt8]) {
        if prefix.starts(with: [0x50, 0x4B, 0x03, 0x04]) || prefix.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
            self = .zip
        } else if prefix.count >= 132, Array(prefix[128..<132]) == Array("DICM".utf8) {
            self = Self.namesDirectory(prefix[132...]) ? .dicomDirectory : .dicom
        } else if Self.beginsWithDataSet(prefix) {
            self = Self.namesDirectory(prefix[...]) ? .dicomDirectory : .dicom
        } else {
            self = .other
        }
    }

    /// Whether the file meta information names Media Storage Directory Storage as its SOP class.
    private static func namesDirectory(_ bytes: ArraySlice<UInt8>) -> Bool {
        let element: [UInt8] = [0x02, 0x00, 0x02, 0x00] + Array("UI".utf8)
        let directory = Array("1.2.840.10008.1.3.10".utf8)
        guard bytes.count > element.count else { return false }
        for index in bytes.startIndex..<(bytes.endIndex - element.count)
        where bytes[index..<(index + element.count)].elementsEqual(element) {
            let value = bytes[(index + element.count)...].dropFirst(2).prefix(directory.count)
            return value.elementsEqual(directory)
        }
        return false
    }

    /// Old files begin without the preamble: with an element of group 0002 or 0008 and a plausible length.
    private static func beginsWithDataSet(_ prefix: [UInt8]) -> Bool {
        guard prefix.count >= 16, prefix[1] == 0, prefix[0] == 0x02 || prefix[0] == 0x08, prefix[3] == 0,
            prefix[2] <= 0x70
        else { return false }
        let representation = prefix[4..<6]
        if representation.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) { return true }
        let length = UInt32(prefix[4]) | UInt32(prefix[5]) << 8 | UInt32(prefix[6]) << 16 | UInt32(prefix[7]) << 24
        // An implicit element of these groups is a short text or a group length.
        return length > 0 && length <= 1024 && length % 2 == 0
    }
}
