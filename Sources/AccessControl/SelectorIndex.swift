/// Finds, of many selectors of one effect, those that can pick anything of a study.
///
/// A selector that asks for one of a few exact values of an attribute is filed under each of them, and looked at where the
/// study has one. An allowance must hold for every value, so that any one of the study's finds all that may hold; a denial
/// holds for any, and also where the value is missing. What asks for nothing of the kind is looked at for every study.
struct SelectorIndex: Sendable {
    private let effect: AccessEffect
    /// How many there are.
    private var count = 0
    /// Those that are looked at for every study.
    private var always: [Int] = []
    private var byTerm: [Term: [Int]] = [:]
    /// Denials also by what they ask for: where that is missing all of them hold.
    private var byKind: [Kind: [Int]] = [:]
    /// What any of them is filed by.
    private var kinds: Set<Kind> = []

    /// The most terms that one selector is filed under.
    private static let termsMax = 32

    /// An attribute, the one first of which there are the most values.
    private enum Kind: Hashable {
        case patient
        case text(StudyProperty)
        case modalityInStudy
        case modality

        static let byRarity: [Kind] = [
            .patient, .text(.accessionNumber), .text(.referringPhysician), .text(.description), .text(.date),
            .text(.institution), .modalityInStudy, .modality,
        ]
    }

    private enum Term: Hashable {
        case patient(PatientIdentity)
        /// A number of whichever issuer.
        case patientID(String)
        case text(StudyProperty, [UInt8])
        case modalityInStudy(String)
        case modality(String)
    }

    init(_ effect: AccessEffect) { self.effect = effect }

    /// Adds one, which is at the next position; nil is looked at for every study.
    mutating func add(_ selector: RuleSelector?) {
        let position = self.count
        self.count += 1
        for kind in Kind.byRarity {
            guard let selector, let terms = self.terms(of: selector, kind), terms.count <= Self.termsMax else {
                continue
            }
            self.kinds.insert(kind)
            for term in terms { self.byTerm[term, default: []].append(position) }
            if self.effect == .deny { self.byKind[kind, default: []].append(position) }
            return
        }
        self.always.append(position)
    }

    /// The positions of those that can pick anything, each once and in order; nil for all of them.
    ///
    /// Of a study of which nothing is known, conditions allow nothing and deny.
    func positions(for study: StudyTerms?) -> [Int]? {
        guard let study else { return self.effect == .deny ? nil : self.always }
        guard !self.kinds.isEmpty else { return nil }
        var found: [Int] = []
        for kind in self.kinds {
            switch self.terms(of: study, kind) {
            case .all: found += self.byKind[kind] ?? []
            case .some(let terms): for term in terms { found += self.byTerm[term] ?? [] }
            }
        }
        guard !found.isEmpty else { return self.always }
        found += self.always
        found.sort()
        return found.withoutRepeats
    }

    /// What a selector can be filed under; nil where it does not ask for exact values of the kind.
    private func terms(of selector: RuleSelector, _ kind: Kind) -> Set<Term>? {
        let condition = selector.condition
        switch kind {
        case .patient:
            guard !condition.patients.isEmpty else { return nil }
            return Set(condition.patients.map { self.effect == .allow ? .patient($0) : .patientID($0.id) })
        case .text(let property):
            guard let accepted = selector.texts.first(where: { $0.property == property }), accepted.patterns.isEmpty
            else { return nil }
            return Set(accepted.exact.map { .text(property, $0) })
        case .modalityInStudy:
            guard !condition.modalitiesInStudy.isEmpty else { return nil }
            return Set(condition.modalitiesInStudy.map { .modalityInStudy($0) })
        case .modality:
            // A denial of a modality bears on every study: a series of it may come later.
            guard !condition.modalities.isEmpty, self.effect == .allow else { return nil }
            return Set(condition.modalities.map { .modality($0) })
        }
    }

    /// Where to look for selectors.
    private enum Places {
        /// At all of the kind.
        case all
        case some([Term])
    }

    private func terms(of study: StudyTerms, _ kind: Kind) -> Places {
        switch kind {
        case .patient:
            let patients = study.facts.patients
            guard self.effect == .deny else { return .some(patients.first.map { [.patient($0)] } ?? []) }
            if patients.isEmpty || patients.contains(where: \.id.isEmpty) { return .all }
            return .some(patients.map { .patientID($0.id) })
        case .text(let property):
            return self.places(study.isKnown(property), study.texts(of: property)) { .text(property, $0) }
        case .modalityInStudy:
            let isKnown = study.modalitiesAreKnown && !study.modalities.isEmpty
            return self.places(isKnown, study.modalities) { .modalityInStudy($0) }
        case .modality:
            // Each series is picked by itself.
            let series = study.facts.series ?? []
            return .some(Set(series.compactMap(\.modalities.first)).map { .modality($0) })
        }
    }

    private func places<Values: Collection>(
        _ isKnown: Bool,
        _ values: Values,
        _ term: (Values.Element) -> Term
    ) -> Places {
        guard isKnown else { return self.effect == .deny ? .all : .some([]) }
        return .some(self.effect == .deny ? values.map(term) : values.prefix(1).map(term))
    }
}

extension [Int] {
    /// A sorted list with each number once.
    fileprivate var withoutRepeats: [Int] {
        var left: [Int] = []
        left.reserveCapacity(self.count)
        for number in self where left.last != number { left.append(number) }
        return left
    }
}
