/// What is known of a study, prepared for many conditions: texts are folded and values looked over once for all of them.
struct StudyTerms: Sendable {
    let facts: AccessFacts
    /// The texts of each property as patterns are compared with them, in the order of ``StudyProperty/position``.
    private let texts: [[[UInt8]]]
    /// Whether each property has values and none of them is missing.
    private let areKnown: [Bool]
    /// Whether all dates are days.
    let datesAreDays: Bool
    /// Of all series.
    let modalities: Set<String>
    /// Whether the modality of every series is known.
    let modalitiesAreKnown: Bool

    init(_ facts: AccessFacts) {
        self.facts = facts
        var texts: [[[UInt8]]] = []
        var areKnown: [Bool] = []
        for property in StudyProperty.allCases {
            let values = facts.values[property] ?? []
            texts.append(values.map { TextPattern.folded($0) })
            areKnown.append(!values.isEmpty && !values.contains(""))
        }
        self.texts = texts
        self.areKnown = areKnown
        self.datesAreDays = (facts.values[.date] ?? []).allSatisfy { date in
            date.utf8.count == 8 && date.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        self.modalities = facts.series?.reduce(into: []) { $0.formUnion($1.modalities) } ?? []
        self.modalitiesAreKnown = facts.series?.allSatisfy { !$0.modalities.isEmpty } ?? false
    }

    func texts(of property: StudyProperty) -> [[UInt8]] { self.texts[property.position] }

    /// Whether there are values and none of them is missing.
    func isKnown(_ property: StudyProperty) -> Bool { self.areKnown[property.position] }
}

extension StudyProperty {
    /// Its place in the list of all.
    var position: Int {
        switch self {
        case .date: 0
        case .institution: 1
        case .referringPhysician: 2
        case .accessionNumber: 3
        case .description: 4
        }
    }
}

/// The texts that a condition accepts for one property, folded once.
struct AcceptedTexts: Sendable, Hashable {
    let property: StudyProperty
    let exact: Set<[UInt8]>
    /// Those with `*`.
    let patterns: [[UInt8]]

    init(_ property: StudyProperty, _ accepted: Set<String>) {
        let folded = accepted.map { TextPattern.folded($0) }
        self.property = property
        self.exact = Set(folded.filter { !$0.contains(UInt8(ascii: "*")) })
        self.patterns = folded.filter { $0.contains(UInt8(ascii: "*")) }
    }

    func accepts(_ value: [UInt8]) -> Bool {
        self.exact.contains(value) || self.patterns.contains { TextPattern.matches(value, $0) }
    }
}

/// Texts with `*` for any characters, letters of ASCII in either case.
enum TextPattern {
    /// Both are folded already.
    static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        var textIndex = 0
        var patternIndex = 0
        var star: (pattern: Int, text: Int)?
        while textIndex < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                star = (patternIndex, textIndex)
                patternIndex += 1
            } else if patternIndex < pattern.count, pattern[patternIndex] == text[textIndex] {
                patternIndex += 1
                textIndex += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                patternIndex = last.pattern + 1
                textIndex = last.text + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The text in small letters and without the spaces that pad it.
    static func folded(_ text: String) -> [UInt8] {
        var bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }[...]
        while bytes.first == 0x20 { bytes.removeFirst() }
        while bytes.last == 0x20 || bytes.last == 0 { bytes.removeLast() }
        return Array(bytes)
    }
}
