/// The members of one DICOM JSON object, found without decoding them.
///
/// PS3.18 Annex F: `{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},…}`. The text is our own writer's, so only its
/// shape is checked, not the grammar of every value.
struct JSONMembers {
    /// The group and element of each member with the place of the whole member, name included, in ascending order.
    let members: [(tag: UInt32, range: Range<Int>)]

    /// Nil where the text is not an object whose names are eight hexadecimal digits in ascending order.
    init?(_ json: [UInt8]) {
        guard let members = json.withUnsafeBytes({ Self.scan($0) }) else { return nil }
        self.members = members
    }

    private init(members: [(tag: UInt32, range: Range<Int>)]) {
        self.members = members
    }

    /// The members in which none of the places lies; the places must ascend.
    ///
    /// Members and places are gone through once, side by side: an object may have many of both.
    func without(_ places: [UInt32]) -> JSONMembers {
        guard !places.isEmpty else { return self }
        var next = places.startIndex
        return JSONMembers(
            members: self.members.filter { member in
                while next < places.endIndex, Int(places[next]) < member.range.lowerBound { next += 1 }
                return next == places.endIndex || Int(places[next]) >= member.range.upperBound
            }
        )
    }

    private static func scan(_ json: UnsafeRawBufferPointer) -> [(tag: UInt32, range: Range<Int>)]? {
        guard json.count >= 2, json[0] == UInt8(ascii: "{"), json[json.count - 1] == UInt8(ascii: "}") else {
            return nil
        }
        var members: [(tag: UInt32, range: Range<Int>)] = []
        var index = 1
        while index < json.count - 1 {
            guard let tag = self.tag(json, at: index), tag > members.last?.tag ?? 0 || members.isEmpty,
                let end = self.endOfValue(json, from: index + 11)
            else { return nil }
            members.append((tag, index..<end))
            guard end < json.count - 1 else { return end == json.count - 1 ? members : nil }
            guard json[end] == UInt8(ascii: ",") else { return nil }
            index = end + 1
        }
        // A comma at the end has led here; an empty object has not come into the loop.
        return members.isEmpty ? members : nil
    }

    /// The number in `"0020000D":`, which is eleven bytes long.
    private static func tag(_ json: UnsafeRawBufferPointer, at start: Int) -> UInt32? {
        guard start + 11 < json.count, json[start] == UInt8(ascii: "\""), json[start + 9] == UInt8(ascii: "\""),
            json[start + 10] == UInt8(ascii: ":")
        else { return nil }
        var tag: UInt32 = 0
        for index in (start + 1)..<(start + 9) {
            switch json[index] {
            case 0x30...0x39: tag = tag << 4 | UInt32(json[index] - 0x30)
            case 0x41...0x46: tag = tag << 4 | UInt32(json[index] - 0x37)
            default: return nil
            }
        }
        return tag
    }

    /// The place behind the object that begins at the index.
    private static func endOfValue(_ json: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < json.count, json[start] == UInt8(ascii: "{") else { return nil }
        var depth = 0
        var index = start
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "\""):
                guard let end = self.endOfString(json, from: index) else { return nil }
                index = end
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// The place behind the string that begins at the index.
    private static func endOfString(_ json: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start + 1
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index + 1
            default: index += 1
            }
        }
        return nil
    }
}
