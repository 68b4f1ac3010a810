internal import DICOMweb

/// The folded values by which a study is found, each once.
struct SearchKeys: Hashable, Sendable {
    /// The most values of one attribute that are kept; what instances disagree about further is not found.
    static let valuesPerAttributeMax = 64

    private(set) var values: [StudyAttribute: Set<String>] = [:]

    init(_ entry: StudyEntry) {
        for attributes in [entry.attributes] + entry.variants { self.add(attributes) }
        for modality in entry.modalities ?? [] { self.add(.modality, modality) }
        self.add(.studyInstanceUID, entry.study.rawValue)
    }

    /// Every value with its attribute, in a fixed order.
    var rows: [(attribute: StudyAttribute, value: String)] {
        StudyAttribute.allCases.flatMap { attribute in
            (self.values[attribute] ?? []).sorted().map { (attribute, $0) }
        }
    }

    private mutating func add(_ attributes: DataSet) {
        for (tag, attribute) in Self.plain {
            for text in attributes.strings(tag) {
                self.add(attribute, text)
                self.addWords(of: text, attribute)
            }
        }
        for (tag, attribute) in Self.names {
            guard let name = attributes.personName(tag) else { continue }
            for group in [name.alphabetic, name.ideographic, name.phonetic].compactMap({ $0 }) {
                self.add(attribute, Self.trimmedName(group))
                self.addWords(of: group, attribute)
            }
        }
    }

    private mutating func addWords(of text: String, _ attribute: StudyAttribute) {
        guard let words = attribute.words else { return }
        for word in SearchText.words(text) { self.insert(words, word) }
    }

    private mutating func add(_ attribute: StudyAttribute, _ text: String) {
        self.insert(attribute, SearchText.fold(text))
    }

    private mutating func insert(_ attribute: StudyAttribute, _ folded: String) {
        guard !folded.isEmpty, self.values[attribute, default: []].count < Self.valuesPerAttributeMax else { return }
        self.values[attribute, default: []].insert(folded)
    }

    /// A component group without the delimiters that end it: `Doe^Jane^^^` and `Doe^Jane` are the same name (PS3.5
    /// §6.2.1.2).
    static func trimmedName(_ group: String) -> String {
        var group = group[...]
        while group.last == "^" || group.last == " " { group.removeLast() }
        return String(group)
    }

    private static let plain: [(Tag, StudyAttribute)] = [
        (.patientID, .patientID), (.issuerOfPatientID, .issuerOfPatientID), (.patientBirthDate, .patientBirthDate),
        (.patientSex, .patientSex), (.accessionNumber, .accessionNumber), (.studyID, .studyID),
        (.studyDescription, .studyDescription), (.institutionName, .institutionName), (.studyDate, .studyDate),
        (.studyTime, .studyTime),
    ]

    private static let names: [(Tag, StudyAttribute)] = [
        (.patientName, .patientName), (.referringPhysicianName, .referringPhysicianName),
    ]
}
