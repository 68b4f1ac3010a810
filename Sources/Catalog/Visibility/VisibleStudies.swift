internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// What somebody may see, in the numbers of the database: a condition on studies like any other.
package struct VisibleStudies: Hashable, Sendable {
    /// The stores of which anything can be seen.
    private(set) var stores: [Store] = []
    /// Whether the rows of everything that it depends on have been worked out; while they have not, too little is
    /// shown and never too much.
    private(set) var isComplete = true
    /// Conditions on what differs between those who see all of a study and those who see some series.
    var narrowed: [AttributeMatch] = []
    /// The most studies and selectors that one statement names.
    let namesMax: Int

    /// What may be seen of one store.
    struct Store: Hashable, Sendable {
        let number: Int64
        let allowsAll: Bool
        let allowed: Picks
        let denied: Picks
        /// Grows where the selectors that allow pick otherwise than before although no study has changed.
        let revision: Int64
        /// Whether all is visible.
        var isWhole: Bool { self.allowsAll && self.denied.isEmpty }
    }

    /// Studies by the numbers of selectors and by UID.
    struct Picks: Hashable, Sendable {
        let selectors: Set<Int64>
        let studies: NamedStudies
        /// Whether it can pick less than a whole study.
        let isPartial: Bool

        var isEmpty: Bool { self.selectors.isEmpty && self.studies.isEmpty }

        /// How many studies and selectors it names.
        var nameCount: Int { self.selectors.count + self.studies.count }
    }

    /// Of the stores that are given by name and number; nil where everything in them is visible.
    init?(
        _ visibility: CatalogVisibility,
        of stores: [(name: StoreName, number: Int64)],
        namesMax: Int = SearchEffort().namesInStatementMax,
        on connection: any SQLConnection
    ) throws {
        self.namesMax = namesMax
        let wanted = stores.map { (number: $0.number, visibility: visibility[$0.name]) }
        let keys = wanted.reduce(into: Set<String>()) {
            $0.formUnion($1.visibility.allowed.selectors)
            $0.formUnion($1.visibility.denied.selectors)
        }
        let known = try Self.numbers(of: keys, on: connection)
        for (number, visibility) in wanted where !visibility.isNothing {
            let allowed = visibility.allowed.selectors.compactMap { known[$0] }
            let denied = visibility.denied.selectors.compactMap { known[$0] }
            if allowed.count < visibility.allowed.selectors.count { self.isComplete = false }
            guard denied.count == visibility.denied.selectors.count else {
                // What is denied is not known yet, so that anything may be.
                self.isComplete = false
                continue
            }
            let store = Store(
                number: number,
                allowsAll: visibility.allowsAll,
                allowed: Picks(allowed, visibility.allowed.studies),
                denied: Picks(denied, visibility.denied.studies),
                revision: allowed.reduce(0) { $0 + $1.revision }
            )
            if store.allowsAll || !store.allowed.isEmpty { self.stores.append(store) }
        }
        if self.isComplete, self.stores.count == stores.count, self.stores.allSatisfy(\.isWhole) { return nil }
    }

    /// A selector whose rows are there.
    fileprivate struct Selector {
        let number: Int64
        let isPartial: Bool
        let revision: Int64
    }

    /// The selectors that have been worked out for every study, by key.
    private static func numbers(
        of keys: Set<String>,
        on connection: any SQLConnection
    ) throws -> [String: Selector] {
        guard !keys.isEmpty else { return [:] }
        var numbers: [String: Selector] = [:]
        let sorted = keys.sorted()
        for start in stride(from: 0, to: sorted.count, by: self.keysAtATime) {
            var arguments = StatementArguments()
            let end = min(sorted.count, start + self.keysAtATime)
            let list = arguments.bindList(sorted[start..<end].map { .text($0) })
            let done = arguments.bind(.integer(SelectionRows.everyStudy))
            let sql = "SELECT key, id, isPartial, revision FROM selector WHERE key IN (\(list)) AND position = \(done)"
            try connection.forEach(sql, arguments.values) { row in
                numbers[try row.text(0)] = Selector(
                    number: try row.integer(1),
                    isPartial: try row.integer(2) != 0,
                    revision: try row.integer(3)
                )
            }
        }
        return numbers
    }

    private static let keysAtATime = 1_024

    /// Whether SQL cannot decide alone.
    var needsRest: Bool { self.hasRestOfPicked || self.isTold }

    /// Whether of a study that is picked not all may be seen, or not all that it is searched for by.
    private var hasRestOfPicked: Bool { self.hasPartialDenials || (!self.narrowed.isEmpty && self.isPartial) }

    /// Whether more is named than a statement takes, so that what is visible is told study by study.
    ///
    /// A page is then found after as many studies as it takes, however many are named.
    var isTold: Bool { self.stores.contains { self.isTold($0.allowed) || self.isTold($0.denied) } }

    private func isTold(_ picks: Picks) -> Bool { picks.nameCount > self.namesMax }

    /// Whether some studies may be visible in part.
    var isPartial: Bool { self.stores.contains { $0.allowed.isPartial || $0.denied.isPartial } }

    private var hasPartialDenials: Bool { self.stores.contains(where: \.denied.isPartial) }

    /// The condition on a row `s` of the table `study`.
    func sql(_ arguments: inout StatementArguments) -> String {
        var alternatives: [String] = []
        for store in self.stores {
            var pieces = ["s.store = \(arguments.bind(.integer(store.number)))"]
            if !store.allowsAll, !self.isTold(store.allowed) {
                pieces.append("(\(Self.picked(store.allowed, wholeOnly: false, &arguments)))")
            }
            if !store.denied.isEmpty, !self.isTold(store.denied) {
                pieces.append("NOT (\(Self.picked(store.denied, wholeOnly: true, &arguments)))")
            }
            alternatives.append(pieces.joined(separator: " AND "))
        }
        return alternatives.isEmpty ? "1 = 0" : "(\(alternatives.joined(separator: " OR ")))"
    }

    private static func picked(_ picks: Picks, wholeOnly: Bool, _ arguments: inout StatementArguments) -> String {
        var alternatives: [String] = []
        let studies = picks.studies.uids(wholeOnly: wholeOnly)
        if !studies.isEmpty {
            alternatives.append("s.uid IN (\(arguments.bindList(studies.map { .text($0) })))")
        }
        if !picks.selectors.isEmpty {
            let list = arguments.bindList(picks.selectors.sorted().map { .integer($0) })
            // The sign keeps the few rows of the study from being looked up selector by selector.
            let whole = wholeOnly ? " AND x.series IS NULL" : ""
            alternatives.append(
                "EXISTS (SELECT 1 FROM selectedStudy x WHERE x.study = s.id AND +x.selector IN (\(list))\(whole))"
            )
        }
        return alternatives.isEmpty ? "1 = 0" : alternatives.joined(separator: " OR ")
    }

    /// What is visible of a study.
    func part(of study: Int64, on connection: any SQLConnection) throws -> StudyPart {
        let row = try connection.queryOne("SELECT store, uid FROM study WHERE id = ?1", [.integer(study)])
        guard let row, let store = try self.store(row.integer(0)) else { return .nothing }
        if store.isWhole { return .whole }
        var allowed = store.allowsAll ? .whole : store.allowed.studies[try row.text(1)] ?? .nothing
        var denied = store.denied.studies[try row.text(1)] ?? .nothing
        if !store.allowed.selectors.isEmpty || !store.denied.selectors.isEmpty {
            try connection.forEach(
                "SELECT selector, series FROM selectedStudy WHERE study = ?1",
                [.integer(study)]
            ) { row in
                let selector = try row.integer(0)
                let part = SelectionRows.part(try row.textIfPresent(1))
                if store.allowed.selectors.contains(selector) { allowed = allowed.union(part) }
                if store.denied.selectors.contains(selector) { denied = denied.union(part) }
            }
        }
        return try allowed.subtracting(denied, of: Set(Self.series(of: study, on: connection).map(\.series)))
    }

    private func store(_ number: Int64) -> Store? { self.stores.first { $0.number == number } }

    static func series(of study: Int64, on connection: any SQLConnection) throws -> [SeriesEntry] {
        try connection.query(SeriesSearchRun.ofStudy, [.integer(study)]).map { try SeriesEntry(row: $0) }
    }

    /// Whether any of the study is visible, and meets the conditions that depend on how much.
    func shows(_ study: Int64, on connection: any SQLConnection) throws -> Bool {
        switch try self.part(of: study, on: connection) {
        case .nothing: return false
        case .whole:
            let counts = self.narrowed.filter(\.isOfCounts)
            guard !counts.isEmpty else { return true }
            return try MatchableStudy(study, on: connection)?.matches(counts) ?? false
        case .series(let visible):
            guard !self.narrowed.isEmpty else { return true }
            let series = try Self.series(of: study, on: connection).filter { visible.contains($0.series) }
            return try MatchableStudy(study, narrowedTo: series, on: connection)?.matches(self.narrowed) ?? false
        }
    }

    /// The study as it is shown; `isCertain` is whether its rows have said that it is.
    func narrow(_ study: CatalogStudy, isCertain: Bool, on connection: any SQLConnection) throws -> CatalogStudy? {
        guard self.isPartial || !isCertain else { return study }
        switch try self.part(of: study.number, on: connection) {
        case .nothing: return nil
        case .whole: return study
        case .series(let visible):
            return study.narrowed(to: visible, of: try Self.series(of: study.number, on: connection))
        }
    }

    /// Whether all that is visible is picked, so that a search can begin at what is picked.
    var isPicked: Bool { self.stores.allSatisfy { !$0.allowsAll } }

    /// Whether what is picked says all: every study of it is shown, if perhaps in part.
    var isWhatIsPicked: Bool {
        self.isPicked && !self.hasRestOfPicked && self.stores.allSatisfy(\.denied.isEmpty)
    }

    /// Whether it picks by UID and nothing is denied.
    var isByUID: Bool {
        self.isPicked && !self.hasRestOfPicked
            && self.stores.allSatisfy { $0.allowed.selectors.isEmpty && $0.denied.isEmpty }
    }
}

extension VisibleStudies.Picks {
    fileprivate init(_ selectors: [VisibleStudies.Selector], _ studies: NamedStudies) {
        self.selectors = Set(selectors.map(\.number))
        self.studies = studies
        self.isPartial = selectors.contains(where: \.isPartial) || studies.isPartial
    }
}

extension StudyCondition {
    /// The condition as a test on attributes where what it asks for depends on which series are counted.
    var ofSeriesSeen: AttributeMatch? {
        switch self {
        case .anyOf(.modality, let values): AttributeMatch(path: [.modalitiesInStudy], test: .anyOf(values))
        case .pattern(.modality, let pattern): AttributeMatch(path: [.modalitiesInStudy], test: .pattern(pattern))
        case .words(.modality, let words): AttributeMatch(path: [.modalitiesInStudy], test: .words(words))
        case .attribute(let match):
            match.isOfCounts || match.path == [.modalitiesInStudy] ? match : nil
        default: nil
        }
    }

    /// Whether it is about counts, of which nothing can be said without knowing which series are seen.
    var isOfCounts: Bool {
        if case .attribute(let match) = self { match.isOfCounts } else { false }
    }
}

extension AttributeMatch {
    fileprivate var isOfCounts: Bool {
        self.path == [.numberOfStudyRelatedSeries] || self.path == [.numberOfStudyRelatedInstances]
    }
}
