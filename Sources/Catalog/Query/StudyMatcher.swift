internal import DICOMweb

/// Decides in memory whether a study meets a condition, as the catalog does in SQL.
///
/// It reads the attributes themselves and shares with the index only the folding of text; a property test holds both
/// equal.
package enum StudyMatcher {
    /// Whether every condition holds; `change` is the study's number in the change sequence, and `updatedAt` when that
    /// was, in milliseconds since 1970.
    package static func matches(
        _ entry: StudyEntry,
        change: Int64,
        updatedAt: Int64 = 0,
        _ conditions: [StudyCondition]
    ) -> Bool {
        conditions.allSatisfy { self.holds($0, of: entry, change: change, updatedAt: updatedAt) }
    }

    private static func holds(
        _ condition: StudyCondition,
        of entry: StudyEntry,
        change: Int64,
        updatedAt: Int64
    ) -> Bool {
        switch condition {
        case .anyOf(let attribute, let values):
            let wanted = Set(values.map { SearchText.fold($0) })
            return self.values(attribute, of: entry).contains { wanted.contains($0) }
        case .words(let attribute, let words):
            let there = self.texts(attribute, of: entry).flatMap { SearchText.words($0) }
            return words.flatMap { SearchText.typedWords($0) }.allSatisfy { word in
                there.contains { $0.unicodeScalars.starts(with: word.unicodeScalars) }
            }
        case .pattern(let attribute, let pattern):
            return self.values(attribute, of: entry).contains { pattern.matches($0) }
        case .days(let from, let to):
            guard from != nil || to != nil else { return true }
            guard entry.moment != .unknown else { return false }
            return entry.moment >= (from.map(StudyMoment.first) ?? .unknown)
                && entry.moment <= (to.map(StudyMoment.last) ?? StudyMoment(rawValue: .max))
        case .changedAfter(let number):
            return change > number
        case .updatedSince(let milliseconds):
            return updatedAt >= milliseconds
        case .text(let words):
            let there = StudyAttribute.freeText.flatMap { self.texts($0, of: entry) }.flatMap { SearchText.words($0) }
            return words.flatMap { SearchText.typedWords($0) }.allSatisfy { word in
                there.contains { $0.unicodeScalars.starts(with: word.unicodeScalars) }
            }
        case .attribute(let match):
            return ([entry.attributes] + entry.variants).contains { match.matches($0) }
        }
    }

    /// The folded values of an attribute; an empty value is none.
    private static func values(_ attribute: StudyAttribute, of entry: StudyEntry) -> [String] {
        let isName = attribute == .patientName || attribute == .referringPhysicianName
        return self.texts(attribute, of: entry)
            .map { SearchText.fold(isName ? SearchKeys.trimmedName($0) : $0) }
            .filter { !$0.isEmpty }
    }

    private static func texts(_ attribute: StudyAttribute, of entry: StudyEntry) -> [String] {
        let sets = [entry.attributes] + entry.variants
        func strings(_ tag: Tag) -> [String] { sets.flatMap { $0.strings(tag) } }
        func names(_ tag: Tag) -> [String] {
            sets.compactMap { $0.personName(tag) }
                .flatMap { [$0.alphabetic, $0.ideographic, $0.phonetic].compactMap { $0 } }
        }
        return switch attribute {
        case .patientName, .patientNameWord: names(.patientName)
        case .referringPhysicianName, .referringPhysicianNameWord: names(.referringPhysicianName)
        case .patientID: strings(.patientID)
        case .issuerOfPatientID: strings(.issuerOfPatientID)
        case .patientBirthDate: strings(.patientBirthDate)
        case .patientSex: strings(.patientSex)
        case .accessionNumber: strings(.accessionNumber)
        case .studyID: strings(.studyID)
        case .studyDescription, .studyDescriptionWord: strings(.studyDescription)
        case .institutionName, .institutionNameWord: strings(.institutionName)
        case .modality: entry.modalities ?? []
        case .studyDate: strings(.studyDate)
        case .studyTime: strings(.studyTime)
        case .studyInstanceUID: [entry.study.rawValue]
        }
    }
}
