import CollimatorCore

/// The part of a rule that is about one study: what it picks is kept as rows by those who list studies.
package struct RuleSelector: Sendable, Hashable {
    let effect: AccessEffect
    let condition: RuleCondition
    let includesDerived: Bool
    /// A single series that is picked by name.
    let seriesUID: String?
    /// Whose uploads `ownUploads` means.
    let uploader: Principal?

    /// Says all of what is picked: two selectors with one key pick the same.
    package let key: String

    init(
        _ effect: AccessEffect,
        _ condition: RuleCondition,
        includesDerived: Bool,
        seriesUID: String? = nil,
        uploader: Principal? = nil
    ) {
        self.effect = effect
        self.condition = condition
        self.includesDerived = includesDerived
        self.seriesUID = seriesUID
        self.uploader = condition.isOwnUploads ? uploader : nil
        self.key = Self.key(effect, condition, includesDerived, seriesUID, self.uploader)
    }

    /// What is picked of the study; for a denial, an empty set of series where it may pick some later.
    package func evaluate(_ facts: AccessFacts) -> AccessExtent {
        guard self.holdsForStudy(facts) else { return .nothing }
        guard self.condition.filtersSeries || self.seriesUID != nil else { return .whole }
        guard let series = facts.series else { return self.effect == .allow ? .nothing : .whole }
        var picked = Set(series.filter(self.holdsForSeries).map(\.uid))
        if self.includesDerived, !picked.isEmpty {
            let originals = picked
            for one in series where one.isDerived {
                // What a report refers to may be unknown: then it is not shown, and is denied with the others.
                let refers = one.references.map { !$0.isDisjoint(with: originals) } ?? (self.effect == .deny)
                if refers { picked.insert(one.uid) }
            }
        }
        return picked.isEmpty && self.effect == .allow ? .nothing : .series(picked)
    }

    private func holdsForStudy(_ facts: AccessFacts) -> Bool {
        let condition = self.condition
        if !condition.patients.isEmpty, !self.effect.holds(facts.patients, self.isPatient) { return false }
        for (property, accepted) in condition.texts {
            let test: (String) -> Bool = { value in accepted.contains { TextPattern.matches(value, $0) } }
            guard self.holds(facts.values[property] ?? [], test) else { return false }
        }
        if condition.dateFrom != nil || condition.dateTo != nil {
            let test: (String) -> Bool = { date in
                date >= condition.dateFrom ?? "" && date <= condition.dateTo ?? "99999999"
            }
            guard self.holdsForDates(facts.values[.date] ?? [], test) else { return false }
        }
        guard !condition.modalitiesInStudy.isEmpty else { return true }
        let series = facts.series ?? []
        let isKnown = facts.series != nil && series.allSatisfy { !$0.modalities.isEmpty }
        return self.effect.holds(Set(series.flatMap(\.modalities)), isKnown: isKnown) {
            condition.modalitiesInStudy.contains($0)
        }
    }

    /// A number without its issuer may be anybody's: it allows nothing, and is denied.
    private func isPatient(_ patient: PatientIdentity) -> Bool {
        if self.condition.patients.contains(patient) { return true }
        guard self.effect == .deny else { return false }
        return patient.id.isEmpty
            || (patient.issuer == nil && self.condition.patients.contains { $0.id == patient.id })
    }

    private func holds(_ values: Set<String>, _ test: (String) -> Bool) -> Bool {
        self.effect.holds(values, isKnown: !values.contains(""), test)
    }

    /// What is no day is as good as missing.
    private func holdsForDates(_ dates: Set<String>, _ test: (String) -> Bool) -> Bool {
        let isKnown = dates.allSatisfy { $0.utf8.count == 8 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        return self.effect.holds(dates, isKnown: isKnown, test)
    }

    private func holdsForSeries(_ series: AccessSeriesFacts) -> Bool {
        if let seriesUID, series.uid != seriesUID { return false }
        if !self.condition.modalities.isEmpty {
            guard self.effect.holds(series.modalities, { self.condition.modalities.contains($0) }) else { return false }
        }
        guard self.condition.isOwnUploads else { return true }
        return self.effect.holds(series.uploaders) { $0 == self.uploader }
    }

    private static func key(
        _ effect: AccessEffect,
        _ condition: RuleCondition,
        _ includesDerived: Bool,
        _ seriesUID: String?,
        _ uploader: Principal?
    ) -> String {
        var parts: [[String]] = [[effect.rawValue, includesDerived ? "derived" : ""]]
        parts.append(
            condition.patients.map { "\($0.id.debugDescription)@\(($0.issuer ?? "").debugDescription)" }.sorted()
        )
        for property in StudyProperty.allCases { parts.append((condition.texts[property] ?? []).sorted()) }
        parts.append([condition.dateFrom ?? "", condition.dateTo ?? ""])
        parts.append(condition.modalitiesInStudy.sorted())
        parts.append(condition.modalities.sorted())
        parts.append([condition.isOwnUploads ? "own" : "", uploader?.description ?? "", seriesUID ?? ""])
        return parts.map { $0.map(\.debugDescription).joined(separator: ",") }.joined(separator: ";")
    }
}

/// Texts with `*` for any characters, letters of ASCII in either case.
enum TextPattern {
    /// Both are taken without the spaces that pad them.
    static func matches(_ value: String, _ pattern: String) -> Bool {
        let text = Self.folded(value)
        let pattern = Self.folded(pattern)
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

    private static func folded(_ text: String) -> [UInt8] {
        var bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }[...]
        while bytes.first == 0x20 { bytes.removeFirst() }
        while bytes.last == 0x20 || bytes.last == 0 { bytes.removeLast() }
        return Array(bytes)
    }
}
