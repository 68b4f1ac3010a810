import Catalog
import CollimatorCore
import DICOMweb
import TestSupport

/// Selectors and what somebody may see by them, made at random, with the same decided entry by entry in memory.
enum VisibilitySample {
    /// Series of one modality.
    static func series(_ modality: String) -> StudySelector {
        StudySelector(key: "series:\(modality)") { entry in
            StudyPart(
                Set((entry.series ?? []).filter { $0.attributes.string(.modality) == modality }.map(\.series))
            )
        }
    }

    /// Studies of one patient, in every description of them.
    static func patient(_ id: String) -> StudySelector {
        StudySelector(key: "patient:\(id)") { entry in
            ([entry.attributes] + entry.variants).allSatisfy { $0.string(.patientID) == id } ? .whole : .nothing
        }
    }

    /// Studies that any description describes so.
    static func described(_ text: String) -> StudySelector {
        StudySelector(key: "description:\(text)") { entry in
            ([entry.attributes] + entry.variants).contains { $0.string(.studyDescription) == text } ? .whole : .nothing
        }
    }

    /// The first series of one study.
    static func one(_ number: Int) -> StudySelector {
        let study = "1.2.\(number)"
        return StudySelector(key: "study:\(study)", study: StudyUID(study)) { entry in
            guard entry.study.rawValue == study else { return .nothing }
            return StudyPart(Set((entry.series ?? []).prefix(1).map(\.series)))
        }
    }

    static let all =
        WishGenerator.modalities.map(Self.series) + WishGenerator.codes.map(Self.patient)
        + WishGenerator.descriptions.map(Self.described) + [3, 7, 11, 20, 40].map(Self.one)

    static let byKey = Dictionary(all.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })

    static func visibility(_ stores: [StoreName], _ generator: inout WishGenerator) -> CatalogVisibility {
        var each: [StoreName: StoreVisibility] = [:]
        for store in stores where !generator.chance(5) {
            each[store] = StoreVisibility(
                allowsAll: generator.chance(4),
                allowed: self.selection(&generator, most: 4),
                denied: generator.chance(2) ? StudySelection() : self.selection(&generator, most: 2)
            )
        }
        return CatalogVisibility(each)
    }

    private static func selection(_ generator: inout WishGenerator, most: Int) -> StudySelection {
        var selection = StudySelection()
        for _ in 0..<Int.random(in: 0...most, using: &generator.random) {
            selection.selectors.insert(generator.pick(self.all).key)
        }
        var named: [String: StudyPart] = [:]
        for _ in 0..<Int.random(in: 0...most, using: &generator.random) {
            let number = Int.random(in: 1...90, using: &generator.random)
            let series = Set(
                ["1.2.\(number).1", "1.2.\(number).2"].compactMap { SeriesUID($0) }.prefix(generator.pick([1, 2]))
            )
            named["1.2.\(number)"] = generator.chance(2) ? .whole : .series(series)
        }
        selection.studies = NamedStudies(named)
        return selection
    }

    /// What is visible of the entry.
    static func part(_ entry: StudyEntry, in store: StoreName, _ visibility: CatalogVisibility) -> StudyPart {
        let visibility = visibility[store]
        let allowed = visibility.allowsAll ? .whole : self.part(entry, visibility.allowed)
        let denied = self.part(entry, visibility.denied)
        let all = Set((entry.series ?? []).map(\.series))
        switch (allowed, denied) {
        case (.nothing, _), (_, .whole): return .nothing
        case (let part, .nothing): return part
        case (.series(let some), .series(let taken)): return StudyPart(some.filter { !taken.contains($0) })
        case (.whole, .series(let taken)):
            return StudyPart(all.filter { !taken.contains($0) })
        }
    }

    private static func part(_ entry: StudyEntry, _ selection: StudySelection) -> StudyPart {
        var series: Set<SeriesUID> = []
        let parts =
            selection.selectors.compactMap { self.byKey[$0]?.part(entry) }
            + [selection.studies[entry.study.rawValue] ?? .nothing]
        for part in parts {
            switch part {
            case .nothing: break
            case .whole: return .whole
            case .series(let some): series.formUnion(some)
            }
        }
        return StudyPart(series)
    }

    /// The entry as somebody who sees so much of it sees it; nil where that is nothing.
    static func narrowed(_ entry: StudyEntry, to part: StudyPart) -> StudyEntry? {
        switch part {
        case .nothing: return nil
        case .whole: return entry
        case .series(let some):
            var entry = entry
            entry.series = (entry.series ?? []).filter { some.contains($0.series) }
            return entry
        }
    }
}
