import DICOMweb

/// A data set as viewers built on dcmjs hold it: keywords for names, a single value bare, an item or a name in a list.
///
/// It is what `naturalizeDataset` of dcmjs makes of DICOM JSON. No value is made up, changed or given another type; what
/// has no keyword stands under its eight digits, and an attribute without a value is null.
struct NaturalizedDataSet: Sendable {
    private(set) var bytes: [UInt8] = []

    /// Attributes that stand for the pixels, which have an address of their own.
    private static let pixels: Set<Tag> = [Tag(0x7FE0, 0x0010), Tag(0x7FE0, 0x0008), Tag(0x7FE0, 0x0009)]

    /// Writes the object; `leavingOut` are attributes of its first level that it shall not have.
    init(_ dataSet: DataSet, leavingOut excluded: Set<Tag> = []) {
        self.write(dataSet, leavingOut: excluded.union(Self.pixels))
    }

    private mutating func write(_ dataSet: DataSet, leavingOut excluded: Set<Tag> = []) {
        self.append("{")
        var isFirst = true
        for entry in dataSet.entries where !excluded.contains(entry.tag) {
            if !isFirst { self.append(",") }
            isFirst = false
            self.write(entry.tag.keyword ?? entry.tag.hex)
            self.append(":")
            self.write(entry.element)
        }
        self.append("}")
    }

    private mutating func write(_ element: Element) {
        switch element.content {
        case .empty: self.append("null")
        case .bulkDataURI(let uri):
            self.append("{\"BulkDataURI\":")
            self.write(uri)
            self.append("}")
        case .inlineBinary: self.writeAsDICOMJSON(element)
        case .values(let values):
            if values.count == 1, element.vr != .SQ, element.vr != .PN {
                self.write(values[0])
                return
            }
            self.append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { self.append(",") }
                self.write(value)
            }
            self.append("]")
        }
    }

    private mutating func write(_ value: Value) {
        switch value {
        case .string(let text): self.write(text)
        case .integer(let number): self.bytes += String(number).utf8
        case .unsigned(let number): self.bytes += String(number).utf8
        case .real(let number) where number.isFinite: self.bytes += number.description.utf8
        // JSON has no word for these; DICOM JSON has texts (PS3.18 §F.2.3).
        case .real(let number): self.write(number.isNaN ? "NaN" : number > 0 ? "inf" : "-inf")
        case .personName(let name): self.write(name)
        case .item(let item): self.write(item)
        case .null: self.append("null")
        }
    }

    private mutating func write(_ name: PersonName) {
        let groups = [
            ("Alphabetic", name.alphabetic), ("Ideographic", name.ideographic), ("Phonetic", name.phonetic),
        ]
        let members = groups.compactMap { group in
            group.1.flatMap { $0.isEmpty ? nil : (group.0, JSONValue.string($0)) }
        }
        self.bytes += members.isEmpty ? Array("null".utf8) : JSONValue.object(members).encoded()
    }

    /// Small binary values stand as in DICOM JSON, in base64.
    private mutating func writeAsDICOMJSON(_ element: Element) {
        var dataSet = DataSet()
        let tag = Tag(0x0009, 0x1000)
        dataSet[tag] = element
        // `{"00091000":{"vr":"OB","InlineBinary":"…"}}`, of which the last member is wanted.
        let text = DICOMJSON.encode(dataSet)
        let start = text.lastIndex(of: UInt8(ascii: ":")).map { $0 - "\"InlineBinary\"".utf8.count } ?? 0
        self.append("{")
        self.bytes += text[start...].dropLast()
    }

    private mutating func write(_ text: String) {
        self.bytes += JSONValue.string(text).encoded()
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes += $0 }
    }
}
