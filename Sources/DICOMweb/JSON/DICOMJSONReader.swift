/// Reads data sets from the tokens of a JSON text (PS3.18 §F.2).
struct DICOMJSONReader {
    private var scanner: JSONScanner
    private let limits: DICOMJSONLimits
    private var elementsLeft: Int
    private var tag: Tag?

    init(bytes: [UInt8], limits: DICOMJSONLimits) {
        self.scanner = JSONScanner(bytes: bytes)
        self.limits = limits
        self.elementsLeft = limits.elementsMax
    }

    mutating func readDataSets() throws(DICOMJSONError) -> [DataSet] {
        var dataSets: [DataSet] = []
        try self.expect(UInt8(ascii: "["))
        if try self.take(UInt8(ascii: "]")) { return dataSets }
        repeat { dataSets.append(try self.readDataSet(depth: 0)) } while try self.take(UInt8(ascii: ","))
        try self.expect(UInt8(ascii: "]"))
        return dataSets
    }

    mutating func readDataSet(depth: Int) throws(DICOMJSONError) -> DataSet {
        guard depth <= self.limits.nestingDepthMax else { throw self.error(.tooDeep) }
        var dataSet = DataSet()
        try self.expect(UInt8(ascii: "{"))
        if try self.take(UInt8(ascii: "}")) { return dataSet }
        let outerTag = self.tag
        repeat {
            let name = try self.readName()
            guard let number = Tag.number(hex: name) else { throw self.error(.invalidTag) }
            let tag = Tag(number)
            guard dataSet[tag] == nil else { throw self.error(.duplicate) }
            self.tag = tag
            try self.expect(UInt8(ascii: ":"))
            dataSet[tag] = try self.readElement(depth: depth)
        } while try self.take(UInt8(ascii: ","))
        try self.expect(UInt8(ascii: "}"))
        self.tag = outerTag
        return dataSet
    }

    /// Nothing but white space may follow.
    mutating func readEnd() throws(DICOMJSONError) {
        self.tag = nil
        guard self.scanner.isAtEnd() else { throw self.error(.malformed) }
    }

    /// The values cannot be read before the representation is known: where it comes later they are passed over and
    /// read again at the end.
    private mutating func readElement(depth: Int) throws(DICOMJSONError) -> Element {
        try self.count()
        var vr: VR?
        var content: Element.Content?
        var postponed: Int?
        try self.expect(UInt8(ascii: "{"))
        if try self.take(UInt8(ascii: "}")) { throw self.error(.invalidVR) }
        repeat {
            let member = Member(try self.readName())
            try self.expect(UInt8(ascii: ":"))
            let isTaken = member == .vr ? vr != nil : content != nil || postponed != nil
            if isTaken, member != .other { throw self.error(.duplicate) }
            switch member {
            case .vr: vr = try self.readVR()
            case .bulkDataURI: content = .bulkDataURI(try self.readString())
            case .inlineBinary: content = .inlineBinary(try self.readBinary())
            case .value:
                if let vr {
                    content = try self.readValues(vr, depth: depth)
                } else {
                    postponed = self.scanner.offset
                    try self.skipValue()
                }
            case .other: try self.skipValue()
            }
        } while try self.take(UInt8(ascii: ","))
        try self.expect(UInt8(ascii: "}"))
        guard let vr else { throw self.error(.invalidVR) }
        if let postponed { content = try self.readPostponed(vr, at: postponed, depth: depth) }
        return Element(vr: vr, content: content ?? .empty)
    }

    /// The members of an attribute (PS3.18 §F.2.2).
    private enum Member {
        case vr, value, bulkDataURI, inlineBinary, other

        init(_ name: ArraySlice<UInt8>) {
            switch name.count {
            case 2 where name.elementsEqual("vr".utf8): self = .vr
            case 5 where name.elementsEqual("Value".utf8): self = .value
            case 11 where name.elementsEqual("BulkDataURI".utf8): self = .bulkDataURI
            case 12 where name.elementsEqual("InlineBinary".utf8): self = .inlineBinary
            default: self = .other
            }
        }
    }

    /// Names and representations are plain ASCII nearly always: then no text is made of them.
    private mutating func readName() throws(DICOMJSONError) -> ArraySlice<UInt8> {
        do throws(JSONFault) {
            if let place = try self.scanner.readPlainString() { return self.scanner.bytes[place] }
        } catch { throw self.located(error) }
        return Array(try self.readString().utf8)[...]
    }

    private mutating func readVR() throws(DICOMJSONError) -> VR {
        let name = try self.readName()
        guard name.count == 2, let first = name.first, let second = name.last, let vr = VR(first, second) else {
            throw self.error(.invalidVR)
        }
        return vr
    }

    private mutating func readPostponed(
        _ vr: VR,
        at offset: Int,
        depth: Int
    ) throws(DICOMJSONError) -> Element.Content {
        let end = self.scanner.offset
        self.scanner.offset = offset
        let content = try self.readValues(vr, depth: depth)
        self.scanner.offset = end
        return content
    }

    private mutating func readValues(_ vr: VR, depth: Int) throws(DICOMJSONError) -> Element.Content {
        if try self.peek() == UInt8(ascii: "n") {
            try self.readNull()
            return .empty
        }
        var values: [Value] = []
        try self.expect(UInt8(ascii: "["))
        if try self.take(UInt8(ascii: "]")) { return .empty }
        repeat {
            try self.count()
            values.append(try self.readValue(vr, depth: depth))
        } while try self.take(UInt8(ascii: ","))
        try self.expect(UInt8(ascii: "]"))
        return .values(values)
    }

    private mutating func readValue(_ vr: VR, depth: Int) throws(DICOMJSONError) -> Value {
        switch try self.peek() {
        case UInt8(ascii: "n"):
            try self.readNull()
            return .null
        case UInt8(ascii: "{"):
            if vr == .SQ { return .item(try self.readDataSet(depth: depth + 1)) }
            guard vr == .PN else { throw self.error(.invalidValue) }
            return .personName(try self.readPersonName())
        case UInt8(ascii: "\""):
            guard vr != .SQ else { throw self.error(.invalidValue) }
            return try self.textValue(try self.readString(), vr)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            guard vr != .SQ, vr != .PN else { throw self.error(.invalidValue) }
            do throws(JSONFault) { return try self.scanner.readNumber() } catch { throw self.located(error) }
        default:
            throw self.error(.invalidValue)
        }
    }

    /// Text for a number must be one, except the three that JSON cannot write (PS3.18 Table F.2.3-1).
    private func textValue(_ text: String, _ vr: VR) throws(DICOMJSONError) -> Value {
        switch vr {
        case .PN: return .personName(PersonName(parsing: text))
        case .FD, .FL:
            guard let number = Double(text) else { throw self.error(.invalidValue) }
            return .real(number)
        case .SL, .SS, .SV, .UL, .US, .UV:
            if let number = Int64(text) { return .integer(number) }
            guard let number = UInt64(text) else { throw self.error(.invalidValue) }
            return .unsigned(number)
        default: return .string(text)
        }
    }

    private mutating func readPersonName() throws(DICOMJSONError) -> PersonName {
        var name = PersonName()
        var seen: Set<String> = []
        try self.expect(UInt8(ascii: "{"))
        if try self.take(UInt8(ascii: "}")) { return name }
        repeat {
            let group = try self.readString()
            guard seen.insert(group).inserted else { throw self.error(.duplicate) }
            try self.expect(UInt8(ascii: ":"))
            switch group {
            case "Alphabetic": name.alphabetic = try self.readOptionalString()
            case "Ideographic": name.ideographic = try self.readOptionalString()
            case "Phonetic": name.phonetic = try self.readOptionalString()
            default: throw self.error(.invalidValue)
            }
        } while try self.take(UInt8(ascii: ","))
        try self.expect(UInt8(ascii: "}"))
        return name
    }

    private mutating func readOptionalString() throws(DICOMJSONError) -> String? {
        guard try self.peek() == UInt8(ascii: "n") else { return try self.readString() }
        try self.readNull()
        return nil
    }

    private mutating func readBinary() throws(DICOMJSONError) -> [UInt8] {
        let text = try self.readString()
        guard let bytes = Base64.decode(text.utf8) else { throw self.error(.invalidValue) }
        return bytes
    }

    private mutating func count() throws(DICOMJSONError) {
        self.elementsLeft -= 1
        guard self.elementsLeft >= 0 else { throw self.error(.tooMany) }
    }
}

/// The scanner's calls with its faults given a place.
extension DICOMJSONReader {
    private mutating func peek() throws(DICOMJSONError) -> UInt8 {
        do throws(JSONFault) { return try self.scanner.peek() } catch { throw self.located(error) }
    }

    private mutating func expect(_ byte: UInt8) throws(DICOMJSONError) {
        do throws(JSONFault) { try self.scanner.expect(byte) } catch { throw self.located(error) }
    }

    private mutating func take(_ byte: UInt8) throws(DICOMJSONError) -> Bool {
        do throws(JSONFault) { return try self.scanner.take(byte) } catch { throw self.located(error) }
    }

    private mutating func readString() throws(DICOMJSONError) -> String {
        do throws(JSONFault) { return try self.scanner.readString() } catch { throw self.located(error) }
    }

    private mutating func readNull() throws(DICOMJSONError) {
        do throws(JSONFault) { try self.scanner.expect(word: "null") } catch { throw self.located(error) }
    }

    /// Each level of sequences is up to four levels of JSON: the item, the attribute, its values.
    private mutating func skipValue() throws(DICOMJSONError) {
        do throws(JSONFault) {
            _ = try self.scanner.peek()
            try self.scanner.skipValue(depth: 4 * (self.limits.nestingDepthMax + 1))
        } catch { throw self.located(error) }
    }

    private func error(_ code: DICOMJSONError.Code) -> DICOMJSONError {
        DICOMJSONError(code: code, offset: self.scanner.offset, tag: self.tag)
    }

    private func located(_ fault: JSONFault) -> DICOMJSONError {
        switch fault {
        case .truncated: self.error(.truncated)
        case .malformed: self.error(.malformed)
        case .invalidText: self.error(.invalidText)
        case .tooDeep: self.error(.tooDeep)
        }
    }
}
