import Catalog
import DICOMweb

/// Writes studies as rows of an answer in DICOM JSON, their elements copied from where the catalog keeps them: to read and
/// write the attributes of a page anew would cost more than the search.
///
/// A row is what ``SearchRow`` makes, to the byte. What takes more than to copy whole elements, such as one attribute out of
/// a sequence, is left to that.
struct SearchRowWriter: Sendable {
    let rows: SearchRow
    /// The attributes that are copied where they are there; nil for all.
    private let wanted: Set<Tag>?
    /// The sequences of which only some attributes are wanted.
    private let wantedInPart: Set<Tag>

    init(_ rows: SearchRow) {
        self.rows = rows
        let paths = rows.fields.isAll ? [] : rows.fields.paths.map(\.tags)
        let whole = paths.filter { $0.count == 1 }.compactMap(\.first)
        self.wanted = rows.fields.isAll ? nil : Set(SearchedAttributes.requiredOfStudy + whole)
        self.wantedInPart = Set(paths.filter { $0.count > 1 }.compactMap(\.first))
    }

    /// Appends the row.
    func write(_ study: CatalogStudy, to output: inout [UInt8]) {
        if !self.copy(study, to: &output) { output += DICOMJSON.encode(self.rows.study(study)) }
    }

    /// Appends the row where it can be copied; where something in it has to be read it appends nothing and returns false.
    func copy(_ study: CatalogStudy, to output: inout [UInt8]) -> Bool {
        guard let outline = study.outline else { return false }
        let start = output.count
        var next = 0
        output.append(UInt8(ascii: "{"))
        for element in outline.elements {
            while next < Self.computed.count, Self.computed[next] < element.tag {
                self.compute(Self.computed[next], of: study, to: &output)
                next += 1
            }
            if next < Self.computed.count, Self.computed[next] == element.tag {
                next += 1
                if element.tag == .instanceAvailability, !outline.bytes[element.range].elementsEqual(Self.online) {
                    output.removeLast(output.count - start)
                    return false
                }
                if self.compute(element.tag, of: study, to: &output) { continue }
            } else if self.wantedInPart.contains(element.tag) {
                output.removeLast(output.count - start)
                return false
            } else if element.tag == .retrieveURI || !(self.wanted?.contains(element.tag) ?? true) {
                continue
            }
            Self.separate(&output)
            output += outline.bytes[element.range]
        }
        for tag in Self.computed[next...] { self.compute(tag, of: study, to: &output) }
        output.append(UInt8(ascii: "}"))
        return true
    }

    /// What is not copied, ascending.
    private static let computed: [Tag] = [
        .specificCharacterSet, .instanceAvailability, .modalitiesInStudy, .retrieveURL, .studyInstanceUID,
        .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
    ]

    private static let online = Array("\"00080056\":{\"vr\":\"CS\",\"Value\":[\"ONLINE\"]}".utf8)

    /// Appends what is worked out here; false where the store's own word is all there is.
    @discardableResult
    private func compute(_ tag: Tag, of study: CatalogStudy, to output: inout [UInt8]) -> Bool {
        switch tag {
        case .specificCharacterSet:
            Self.append("\"00080005\":{\"vr\":\"CS\",\"Value\":[\"ISO_IR 192\"]}", to: &output)
        case .instanceAvailability:
            Self.separate(&output)
            output += Self.online
        case .modalitiesInStudy:
            guard let modalities = study.modalities else { return false }
            Self.append("\"00080061\":{\"vr\":\"CS\"", to: &output)
            for (index, modality) in modalities.enumerated() {
                output += (index == 0 ? ",\"Value\":[" : ",").utf8
                JSONValue.write(modality, to: &output)
            }
            output += (modalities.isEmpty ? "}" : "]}").utf8
        case .retrieveURL:
            Self.append("\"00081190\":{\"vr\":\"UR\",\"Value\":[", to: &output)
            JSONValue.write("\(self.rows.root)/studies/\(study.study.rawValue)", to: &output)
            output += "]}".utf8
        case .studyInstanceUID:
            Self.append("\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"", to: &output)
            output += study.study.rawValue.utf8
            output += "\"]}".utf8
        case .numberOfStudyRelatedSeries:
            return Self.append("\"00201206\":{\"vr\":\"IS\",\"Value\":[", study.seriesCount, to: &output)
        default:
            return Self.append("\"00201208\":{\"vr\":\"IS\",\"Value\":[", study.instanceCount, to: &output)
        }
        return true
    }

    private static func append(_ beginning: StaticString, _ count: Int?, to output: inout [UInt8]) -> Bool {
        guard let count else { return false }
        self.append(beginning, to: &output)
        output += String(count).utf8
        output += "]}".utf8
        return true
    }

    /// Begins a member.
    private static func append(_ beginning: StaticString, to output: inout [UInt8]) {
        self.separate(&output)
        beginning.withUTF8Buffer { output.append(contentsOf: $0) }
    }

    private static func separate(_ output: inout [UInt8]) {
        if output.last != UInt8(ascii: "{") { output.append(UInt8(ascii: ",")) }
    }
}
