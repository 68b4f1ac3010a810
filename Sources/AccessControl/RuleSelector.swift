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
    /// What it accepts for texts of the study, prepared once.
    let texts: [AcceptedTexts]

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
        self.texts = StudyProperty.allCases.compactMap { property in
            condition.texts[property].map { AcceptedTexts(property, $0) }
        }
        self.key = Self.key(effect, condition, includesDerived, seriesUID, self.uploader)
    }

    /// What is picked of the study; for a denial, an empty set of series where it may pick some later.
    package func evaluate(_ facts: AccessFacts) -> AccessExtent { self.evaluate(StudyTerms(facts)) }

    /// The same of a study that was prepared for many.
    func evaluate(_ study: StudyTerms) -> AccessExtent {
        guard self.holdsForStudy(study) else { return .nothing }
        let facts = study.facts
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

    private func holdsForStudy(_ study: StudyTerms) -> Bool {
        let condition = self.condition
        let facts = study.facts
        if !condition.patients.isEmpty, !self.effect.holds(facts.patients, self.isPatient) { return false }
        for accepted in self.texts {
            let values = study.texts(of: accepted.property)
            guard self.effect.holds(values, isKnown: study.isKnown(accepted.property), accepted.accepts) else {
                return false
            }
        }
        if condition.dateFrom != nil || condition.dateTo != nil {
            let test: (String) -> Bool = { date in
                date >= condition.dateFrom ?? "" && date <= condition.dateTo ?? "99999999"
            }
            // What is no day is as good as missing.
            guard self.effect.holds(facts.values[.date] ?? [], isKnown: study.datesAreDays, test) else { return false }
        }
        guard !condition.modalitiesInStudy.isEmpty else { return true }
        return self.effect.holds(study.modalities, isKnown: study.modalitiesAreKnown) {
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
