/// Writes data sets as JSON text (PS3.18 §F.2), attributes in tag order, without white space.
struct DICOMJSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ dataSets: [DataSet]) {
        self.append("[")
        for (index, dataSet) in dataSets.enumerated() {
            if index > 0 { self.append(",") }
            self.write(dataSet)
        }
        self.append("]")
    }

    mutating func write(_ dataSet: DataSet) {
        self.append("{")
        for (index, entry) in dataSet.entries.enumerated() {
            self.append(index > 0 ? ",\"" : "\"")
            entry.tag.append(to: &self.bytes)
            self.append("\":")
            self.write(entry.element)
        }
        self.append("}")
    }

    private mutating func write(_ element: Element) {
        self.append("{\"vr\":\"")
        self.bytes += element.vr.rawValue.utf8
        self.append("\"")
        switch element.content {
        case .empty: break
        case .values(let values):
            self.append(",\"Value\":[")
            for (index, value) in values.enumerated() {
                if index > 0 { self.append(",") }
                self.write(value)
            }
            self.append("]")
        case .bulkDataURI(let uri):
            self.append(",\"BulkDataURI\":")
            self.write(uri)
        case .inlineBinary(let binary):
            self.append(",\"InlineBinary\":\"")
            Base64.encode(binary, into: &self.bytes)
            self.append("\"")
        }
        self.append("}")
    }

    private mutating func write(_ value: Value) {
        switch value {
        case .string(let text): self.write(text)
        case .integer(let number): self.bytes += String(number).utf8
        case .unsigned(let number): self.bytes += String(number).utf8
        case .real(let number): self.write(number)
        case .personName(let name): self.write(name)
        case .item(let item): self.write(item)
        case .null: self.append("null")
        }
    }

    /// JSON has no word for numbers that are not finite: they are texts (PS3.18 §F.2.3).
    private mutating func write(_ number: Double) {
        if number.isFinite {
            self.bytes += number.description.utf8
        } else {
            self.write(number.isNaN ? "NaN" : number > 0 ? "inf" : "-inf")
        }
    }

    private mutating func write(_ name: PersonName) {
        guard !name.isEmpty else { return self.append("null") }
        self.append("{")
        let first = self.bytes.count
        self.write(group: "\"Alphabetic\":", name.alphabetic, after: first)
        self.write(group: "\"Ideographic\":", name.ideographic, after: first)
        self.write(group: "\"Phonetic\":", name.phonetic, after: first)
        self.append("}")
    }

    private mutating func write(group: StaticString, _ text: String?, after first: Int) {
        guard let text, !text.isEmpty else { return }
        if self.bytes.count > first { self.append(",") }
        self.append(group)
        self.write(text)
    }

    private mutating func write(_ text: String) {
        self.append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): self.append("\\\"")
            case UInt8(ascii: "\\"): self.append("\\\\")
            case 0x0A: self.append("\\n")
            case 0x0D: self.append("\\r")
            case 0x09: self.append("\\t")
            case 0x00..<0x20:
                self.append("\\u00")
                Tag.append(byte: byte, to: &self.bytes)
            default: self.bytes.append(byte)
            }
        }
        self.append("\"")
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes += $0 }
    }
}
