package import Catalog
package import CollimatorCore
import DICOMweb

extension CompiledPolicy {
    /// The selectors of every rule that has to be worked out for each study, for the rows that lists join.
    ///
    /// Those of rules that a study cannot meet are not evaluated when it comes.
    package func studySelectors() -> [StudySelector] {
        var kept: [String: (selector: RuleSelector, study: String?)] = [:]
        for rules in self.rules.values {
            for compiled in rules.all {
                guard let key = compiled.rowKey, let selector = compiled.selector else { continue }
                kept[key] = (selector, compiled.rule.resource.study)
            }
        }
        let sorted = kept.sorted { $0.key < $1.key }
        var indexes = [AccessEffect.allow: SelectorIndex(.allow), .deny: SelectorIndex(.deny)]
        var positions: [String: Int] = [:]
        var counts: [AccessEffect: Int] = [:]
        for (key, (selector, study)) in sorted where study == nil {
            positions[key] = counts[selector.effect, default: 0]
            counts[selector.effect, default: 0] += 1
            indexes[selector.effect]?.add(selector)
        }
        let last = LastFacts(
            allowing: indexes[.allow] ?? SelectorIndex(.allow),
            denying: indexes[.deny] ?? SelectorIndex(.deny)
        )
        return sorted.map { key, one in
            let (selector, study) = one
            let position = positions[key]
            return StudySelector(key: key, study: study.flatMap { StudyUID($0) }) { entry in
                guard study == nil || study == entry.study.rawValue else { return .nothing }
                return StudyPart(last.evaluate(selector, at: position, entry))
            }
        }
    }

    /// What the subject may read of the store, in the terms of the catalog.
    package func catalogVisibility(_ subject: AccessSubject, of store: StoreName) -> StoreVisibility {
        self.visibility(subject, .dicomWebRead, in: store)
    }
}

extension CompiledPolicy.PrincipalRules {
    fileprivate var all: [CompiledPolicy.Compiled] {
        self.allStores.rules + self.stores.values.flatMap(\.rules)
            + self.studies.values.flatMap { $0.values.flatMap { $0 } }
    }
}

extension CompiledPolicy.Compiled {
    /// The key of the rows: of a rule on one study they are of this study alone.
    var rowKey: String? {
        self.selector.map { selector in
            self.rule.resource.study.map { "study:\($0);\(selector.key)" } ?? selector.key
        }
    }
}

extension RuleResource {
    /// The UID of the study that it is or is in.
    var study: String? {
        switch self {
        case .allStores, .store: nil
        case .study(_, let study), .series(_, let study, _): study
        }
    }
}

extension StudyPart {
    package init(_ extent: AccessExtent) {
        switch extent {
        case .nothing: self = .nothing
        case .whole: self = .whole
        case .series(let series): self = .series(Set(series.compactMap { SeriesUID($0) }))
        }
    }
}
