internal import DICOMweb

/// The folded values by which a study is found, each once.
struct SearchKeys: Hashable, Sendable {
    /// The most values of one attribute that are kept; what instances disagree about further is not found.
    static let valuesPerAttributeMax = 64

    private(set) var values: [StudyAttribute: Set<String>] = [:]

    init(_ entry: StudyEntry) {
        for attributes in [entry.attributes] + entry.variants {
            for (tag, attribute) in Self.attributes {
                for text in AttributeValues(tag, in: attributes).texts { self.add(attribute, text) }
            }
        }
        for modality in entry.modalities ?? [] { self.insert(.modality, SearchText.fold(modality)) }
        for series in entry.series ?? [] {
            for item in series.attributes.items(.requestAttributesSequence) {
                for (tag, attribute) in Self.requestAttributes {
                    for text in AttributeValues(tag, in: item).texts { self.insert(attribute, text) }
                }
            }
        }
    }

    /// Every value with its attribute, in a fixed order.
    var rows: [(attribute: StudyAttribute, value: String)] {
        StudyAttribute.allCases.flatMap { attribute in
            (self.values[attribute] ?? []).sorted().map { (attribute, $0) }
        }
    }

    /// Adds a value and those of its words that it does not begin with.
    private mutating func add(_ attribute: StudyAttribute, _ text: String) {
        self.insert(attribute, text)
        guard let words = attribute.words ?? (Self.codes.contains(attribute) ? .codeWord : nil) else { return }
        for word in SearchText.words(text) where !text.unicodeScalars.starts(with: word.unicodeScalars) {
            self.insert(words, word)
        }
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

    private static let attributes: [(Tag, StudyAttribute)] = [
        (.patientName, .patientName), (.patientID, .patientID), (.issuerOfPatientID, .issuerOfPatientID),
        (.patientBirthDate, .patientBirthDate), (.patientSex, .patientSex), (.accessionNumber, .accessionNumber),
        (.studyID, .studyID), (.studyDescription, .studyDescription),
        (.referringPhysicianName, .referringPhysicianName), (.institutionName, .institutionName),
        (.studyDate, .studyDate), (.studyTime, .studyTime),
    ]

    private static let requestAttributes: [(Tag, StudyAttribute)] = [
        (.requestedProcedureID, .requestedProcedureID), (.scheduledProcedureStepID, .scheduledProcedureStepID),
    ]

    /// Identifiers of people's own making: their words are kept together.
    private static let codes: Set<StudyAttribute> = [.patientID, .issuerOfPatientID, .accessionNumber, .studyID]
}
