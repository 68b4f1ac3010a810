/// The Native DICOM Model (PS3.19 Annex A.1): data sets as XML documents, written only.
///
/// DICOMweb servers answer with it where `application/dicom+xml` is asked for or is the default, as in the answers of the
/// store transaction (PS3.18 §10.5).
public enum DICOMXML {
    /// Writes one data set as a document in UTF-8.
    ///
    /// Characters that XML 1.0 cannot hold become U+FFFD. Private elements are named by their creator and have the
    /// block taken out of their tag (PS3.19 Table A.1.5-2).
    ///
    /// - Parameter dataSet: The data set.
    /// - Returns: The document.
    public static func encode(_ dataSet: DataSet) -> [UInt8] {
        var writer = DICOMXMLWriter()
        writer.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        writer.append("<NativeDicomModel xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\"")
        writer.append(" xml:space=\"preserve\">")
        writer.write(dataSet)
        writer.append("</NativeDicomModel>")
        return writer.bytes
    }
}

struct DICOMXMLWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ dataSet: DataSet) {
        for entry in dataSet.entries {
            self.write(entry.element, at: entry.tag, in: dataSet)
        }
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes += $0 }
    }

    private mutating func write(_ element: Element, at tag: Tag, in dataSet: DataSet) {
        let creator = tag.privateCreator.flatMap { dataSet.string($0) }
        let written = creator == nil ? tag : Tag(tag.group, tag.element & 0xFF)
        self.append("<DicomAttribute tag=\"")
        written.append(to: &self.bytes)
        self.append("\" vr=\"")
        self.bytes += element.vr.rawValue.utf8
        if let keyword = tag.keyword {
            self.append("\" keyword=\"")
            self.write(keyword)
        }
        if let creator {
            self.append("\" privateCreator=\"")
            self.write(creator)
        }
        self.append("\">")
        self.write(element.content)
        self.append("</DicomAttribute>")
    }

    private mutating func write(_ content: Element.Content) {
        switch content {
        case .empty: break
        case .values(let values):
            for (index, value) in values.enumerated() { self.write(value, number: index + 1) }
        case .bulkDataURI(let uri):
            self.append("<BulkData uri=\"")
            self.write(uri)
            self.append("\"/>")
        case .inlineBinary(let binary):
            self.append("<InlineBinary>")
            Base64.encode(binary, into: &self.bytes)
            self.append("</InlineBinary>")
        }
    }

    /// Values that are absent leave out their element; the numbers of the others tell the gap (PS3.19 Table A.1.5-2).
    private mutating func write(_ value: Value, number: Int) {
        switch value {
        case .null: break
        case .item(let item):
            self.open("<Item number=\"", number)
            self.write(item)
            self.append("</Item>")
        case .personName(let name):
            guard !name.isEmpty else { return }
            self.open("<PersonName number=\"", number)
            self.write(group: "Alphabetic", name.alphabetic)
            self.write(group: "Ideographic", name.ideographic)
            self.write(group: "Phonetic", name.phonetic)
            self.append("</PersonName>")
        default:
            self.open("<Value number=\"", number)
            self.write(value.text ?? "")
            self.append("</Value>")
        }
    }

    private mutating func open(_ element: StaticString, _ number: Int) {
        self.append(element)
        self.bytes += String(number).utf8
        self.append("\">")
    }

    /// The five components of a group each have an element of their own (PS3.5 §6.2.1.1).
    private mutating func write(group: StaticString, _ text: String?) {
        guard let text, !text.isEmpty else { return }
        let names: [StaticString] = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"]
        self.tag("<", group)
        let components = text.split(separator: "^", maxSplits: names.count - 1, omittingEmptySubsequences: false)
        for (name, component) in zip(names, components) where !component.isEmpty {
            self.tag("<", name)
            self.write(String(component))
            self.tag("</", name)
        }
        self.tag("</", group)
    }

    private mutating func tag(_ opening: StaticString, _ name: StaticString) {
        self.append(opening)
        self.append(name)
        self.append(">")
    }

    private mutating func write(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": self.append("&amp;")
            case "<": self.append("&lt;")
            case ">": self.append("&gt;")
            case "\"": self.append("&quot;")
            case "\r": self.append("&#13;")
            case "\n": self.append("&#10;")
            case "\t": self.append("&#9;")
            case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": self.append("\u{FFFD}")
            default: self.bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }
}
