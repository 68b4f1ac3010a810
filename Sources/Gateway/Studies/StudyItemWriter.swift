import Catalog
import CollimatorCore
import DICOMweb

/// Writes studies as items of a list, their texts copied from where the catalog keeps them: a page has some hundred of
/// these, and to read and write them anew would cost more than the search.
///
/// An item is what ``StudyBody`` makes, to the byte. What is not copied as it stands, such as an impossible date, is left
/// to that.
struct StudyItemWriter {
    private var output: [UInt8] = []
    private let outline: DICOMJSONOutline

    /// About as much as one item takes, in bytes.
    private static let itemBytes = 2_048

    /// The array of the studies.
    static func list(_ studies: [CatalogStudy]) -> JSONValue {
        var output: [UInt8] = []
        output.reserveCapacity(studies.count * Self.itemBytes + 2)
        output.append(UInt8(ascii: "["))
        for (index, study) in studies.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            Self.write(study, to: &output)
        }
        output.append(UInt8(ascii: "]"))
        return .writtenBytes(output)
    }

    private static func write(_ study: CatalogStudy, to output: inout [UInt8]) {
        if let item = Self.copy(study) {
            output += item
        } else {
            StudyBody.json(study).write(to: &output)
        }
    }

    /// The item where it can be copied; nil where something in it has to be read.
    static func copy(_ study: CatalogStudy) -> [UInt8]? {
        guard let outline = study.outline else { return nil }
        var writer = StudyItemWriter(outline: outline)
        writer.output.reserveCapacity(Self.itemBytes)
        return writer.write(study) ? writer.output : nil
    }

    private init(outline: DICOMJSONOutline) {
        self.outline = outline
    }

    /// False where something in it cannot be copied.
    private mutating func write(_ study: CatalogStudy) -> Bool {
        let path = StudyAddress(store: study.store, study: study.study).path
        self.append("{\"key\":\"")
        self.append(study.store.rawValue)
        self.append("/")
        self.append(study.study.rawValue)
        self.append("\",\"uid\":\"")
        self.append(study.study.rawValue)
        self.append("\",\"store\":\"")
        self.append(study.store.rawValue)
        self.append("\",\"patient\":{\"id\":")
        guard self.text(.patientID), self.named(",\"issuer\":", { $0.text(.issuerOfPatientID) }),
            self.named(",\"name\":", { $0.person(.patientName) }),
            self.named(",\"birthDate\":", { $0.date(.patientBirthDate) }),
            self.named(",\"sex\":", { $0.text(.patientSex) }), self.named("},\"date\":", { $0.date(.studyDate) }),
            self.named(",\"time\":", { $0.time(.studyTime) }),
            self.named(",\"timezoneOffset\":", { $0.text(.timezoneOffsetFromUTC) }),
            self.named(",\"description\":", { $0.text(.studyDescription) }),
            self.named(",\"accessionNumber\":", { $0.text(.accessionNumber) }),
            self.named(",\"referringPhysician\":", { $0.person(.referringPhysicianName) })
        else { return false }
        self.counts(study)
        self.links(path, study)
        return true
    }

    private mutating func counts(_ study: CatalogStudy) {
        self.append(",\"modalities\":")
        if let modalities = study.modalities {
            self.append("[")
            for (index, modality) in modalities.enumerated() {
                if index > 0 { self.append(",") }
                JSONValue.write(modality, to: &self.output)
            }
            self.append("]")
        } else {
            self.append("null")
        }
        self.append(",\"seriesCount\":")
        JSONValue.number(study.seriesCount).write(to: &self.output)
        self.append(",\"instanceCount\":")
        JSONValue.number(study.instanceCount).write(to: &self.output)
        self.append(study.visibleSeries == nil ? ",\"scope\":\"study\"" : ",\"scope\":\"series\"")
        self.append(",\"updatedAt\":\"")
        self.append(RFC3339.text(milliseconds: study.updatedAtMilliseconds))
    }

    private mutating func links(_ path: String, _ study: CatalogStudy) {
        self.append("\",\"links\":{\"self\":\"")
        self.append(path)
        for (name, end) in Self.linked {
            self.append(name)
            self.append(path)
            self.append(end)
        }
        self.append("\",\"dicomweb\":\"")
        self.append(StudyAddress(store: study.store, study: study.study).dicomwebPath)
        self.append("\",\"ohif\":\"")
        self.append(path)
        self.append("/ohif\"}}")
    }

    /// What ends the link before and names the next, and how the path of that ends.
    private static let linked: [(name: StaticString, end: StaticString)] = [
        ("\",\"series\":\"", "/series"), ("\",\"instances\":\"", "/instances"), ("\",\"priors\":\"", "/priors"),
        ("\",\"metadata\":\"", "/metadata"), ("\",\"archive\":\"", "/archive"),
        ("\",\"thumbnail\":\"", "/thumbnail"),
    ]

    private mutating func named(_ name: StaticString, _ value: (inout StudyItemWriter) -> Bool) -> Bool {
        self.append(name)
        return value(&self)
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.output.append(contentsOf: $0) }
    }

    private mutating func append(_ text: String) {
        self.output.append(contentsOf: text.utf8)
    }
}

/// The values, each written as the rest of the item would read it; false where it takes more than a copy.
extension StudyItemWriter {
    private mutating func null() -> Bool {
        self.append("null")
        return true
    }

    /// Copies a text that stands in quotation marks there, and does here.
    private mutating func copy(_ range: Range<Int>) {
        self.output.append(contentsOf: self.outline.bytes[range])
    }

    /// Where the text of an attribute stands without its padding, empty where there is none; nil where that takes more
    /// than a look at its bytes.
    private func bare(_ tag: Tag) -> Range<Int>? {
        let places = self.outline.places(of: tag)
        guard let place = places.first else { return 0..<0 }
        return place.group == nil ? self.bare(place.range) : nil
    }

    /// A space that is dropped must be a character of its own, which beside ASCII it is.
    private func bare(_ range: Range<Int>) -> Range<Int>? {
        let bytes = self.outline.bytes
        let bare = self.withoutSpaces(range)
        guard bare != range, !bare.isEmpty else { return bare }
        let isBesideASCII =
            (bare.lowerBound == range.lowerBound || bytes[bare.lowerBound] < 0x80)
            && (bare.upperBound == range.upperBound || bytes[bare.upperBound - 1] < 0x80)
        return isBesideASCII ? bare : nil
    }

    private func withoutSpaces(_ range: Range<Int>) -> Range<Int> {
        let bytes = self.outline.bytes
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start] == UInt8(ascii: " ") { start += 1 }
        while end > start, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return start..<end
    }

    private mutating func text(_ tag: Tag) -> Bool {
        guard let range = self.bare(tag) else { return false }
        guard !range.isEmpty else { return self.null() }
        self.append("\"")
        self.copy(range)
        self.append("\"")
        return true
    }

    /// `YYYYMMDD` as `YYYY-MM-DD`.
    private mutating func date(_ tag: Tag) -> Bool {
        guard let range = self.bare(tag) else { return false }
        guard !range.isEmpty else { return self.null() }
        let start = range.lowerBound
        guard range.count == 8, let year = self.number(start..<start + 4),
            let month = self.number(start + 4..<start + 6), let day = self.number(start + 6..<start + 8),
            // Later days than every month has are somebody else's to judge.
            year >= 1_000, (1...12).contains(month), (1...28).contains(day) || self.isDay(range)
        else { return false }
        self.append("\"")
        self.copy(start..<start + 4)
        self.append("-")
        self.copy(start + 4..<start + 6)
        self.append("-")
        self.copy(start + 6..<start + 8)
        self.append("\"")
        return true
    }

    private func isDay(_ range: Range<Int>) -> Bool {
        CalendarDate(dicom: String(decoding: self.outline.bytes[range], as: UTF8.self)) != nil
    }

    /// `HHMMSS` or `HHMM`; a fraction of a second that is zero is left out.
    private mutating func time(_ tag: Tag) -> Bool {
        guard let range = self.bare(tag) else { return false }
        guard !range.isEmpty else { return self.null() }
        let start = range.lowerBound
        let digits = range.count == 4 ? 4 : 6
        guard range.count >= digits, let hour = self.number(start..<start + 2), hour <= 23 else { return false }
        for field in stride(from: start + 2, to: start + digits, by: 2) {
            guard let number = self.number(field..<field + 2), number <= 60 else { return false }
        }
        var rest = (start + digits)..<range.upperBound
        if !rest.isEmpty {
            let fraction = rest.dropFirst()
            guard digits == 6, self.outline.bytes[rest.lowerBound] == UInt8(ascii: "."),
                (1...6).contains(fraction.count), let number = self.number(fraction)
            else { return false }
            if number == 0 { rest = rest.upperBound..<rest.upperBound }
        }
        self.append("\"")
        self.copy(start..<start + 2)
        for field in stride(from: start + 2, to: start + digits, by: 2) {
            self.append(":")
            self.copy(field..<field + 2)
        }
        self.copy(rest)
        self.append("\"")
        return true
    }

    /// The number that the digits make; nil where something else is among them.
    private func number(_ range: Range<Int>) -> Int? {
        var number = 0
        for byte in self.outline.bytes[range] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}

/// Names of people.
extension StudyItemWriter {
    /// The parts of one group of a name that are shown, each empty where it is not there.
    private struct Components {
        var family = 0..<0
        var given = 0..<0
        var middle = 0..<0

        var isEmpty: Bool { self.family.isEmpty && self.given.isEmpty && self.middle.isEmpty }
    }

    private mutating func person(_ tag: Tag) -> Bool {
        var groups: [DICOMJSONOutline.Group: Components] = [:]
        for place in self.outline.places(of: tag) {
            guard let group = place.group, let components = self.components(place.range) else { return false }
            groups[group] = components.isEmpty ? nil : components
        }
        let (alphabetic, ideographic, phonetic) = (groups[.alphabetic], groups[.ideographic], groups[.phonetic])
        guard let display = alphabetic ?? ideographic ?? phonetic else { return self.null() }
        self.append("{\"display\":")
        self.display(display)
        self.append(",\"family\":")
        self.component(alphabetic?.family)
        self.append(",\"given\":")
        self.component(alphabetic?.given)
        self.append(",\"ideographic\":")
        self.display(ideographic)
        self.append(",\"phonetic\":")
        self.display(phonetic)
        self.append("}")
        return true
    }

    private mutating func component(_ range: Range<Int>?) {
        guard let range, !range.isEmpty else { return self.append("null") }
        self.append("\"")
        self.copy(range)
        self.append("\"")
    }

    private mutating func display(_ components: Components?) {
        guard let components else { return self.append("null") }
        self.append("\"")
        self.copy(components.family)
        let hasGiven = !components.given.isEmpty || !components.middle.isEmpty
        if !components.family.isEmpty, hasGiven { self.append(", ") }
        self.copy(components.given)
        if !components.given.isEmpty, !components.middle.isEmpty { self.append(" ") }
        self.copy(components.middle)
        self.append("\"")
    }

    /// Nil where what looks like a delimiter may be a part of a character.
    private func components(_ range: Range<Int>) -> Components? {
        let bytes = self.outline.bytes
        guard bytes[range].allSatisfy({ $0 < 0x80 }) || self.standsAlone(range) else { return nil }
        var parts = Components()
        var start = range.lowerBound
        for place in 0..<3 {
            let end = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: "^")) ?? range.upperBound
            let part = self.withoutSpaces(start..<end)
            switch place {
            case 0: parts.family = part
            case 1: parts.given = part
            default: parts.middle = part
            }
            guard end < range.upperBound else { break }
            start = end + 1
        }
        return parts
    }

    /// Whether each of its characters is known to be one without what stands beside it: Latin, Greek, Cyrillic and
    /// Hebrew letters, Chinese characters, kana without sound marks of their own, and Korean syllables.
    private func standsAlone(_ range: Range<Int>) -> Bool {
        let bytes = self.outline.bytes
        for index in range where bytes[index] >= 0xC0 {
            let next = bytes[index + 1]
            switch bytes[index] {
            case 0xC3...0xCB, 0xCE...0xD1, 0xE4...0xE9, 0xEB, 0xEC: continue
            case 0xD7 where next >= 0x90: continue
            case 0xE3 where next == 0x81 || next == 0x83: continue
            case 0xE3 where next == 0x82 && bytes[index + 2] != 0x99 && bytes[index + 2] != 0x9A: continue
            case 0xEA where next >= 0xB0: continue
            default: return false
            }
        }
        return true
    }
}
