package import Catalog
package import CollimatorCore
import DICOMweb

extension CompiledPolicy {
    /// The selectors of every rule that has to be worked out for each study, for the rows that lists join.
    package func studySelectors() -> [StudySelector] {
        let last = LastFacts()
        var selectors: [String: StudySelector] = [:]
        for rules in self.rules.values {
            for compiled in rules.all {
                guard let key = compiled.rowKey, let selector = compiled.selector else { continue }
                let study = compiled.rule.resource.study
                selectors[key] = StudySelector(key: key, study: study.flatMap { StudyUID($0) }) { entry in
                    guard study == nil || study == entry.study.rawValue else { return .nothing }
                    return StudyPart(selector.evaluate(last.facts(of: entry)))
                }
            }
        }
        return selectors.values.sorted { $0.key < $1.key }
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
