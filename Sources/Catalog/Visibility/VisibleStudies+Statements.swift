internal import CollimatorCore
internal import Persistence

extension VisibleStudies {
    /// Statements that give the number and the sort key of every study that is picked, and of some that are not seen.
    func statements(
        _ run: StudySearchRun,
        isForCount: Bool
    ) -> [(sql: String, arguments: StatementArguments)] {
        let key = run.query.order.key
        var statements = self.stores.compactMap { store -> (sql: String, arguments: StatementArguments)? in
            let studies = store.allowed.studies.keys.sorted()
            guard !studies.isEmpty else { return nil }
            var arguments = StatementArguments()
            let place = "s.store = \(arguments.bind(.integer(store.number)))"
            let columns = isForCount ? "1" : "s.id, s.\(key.column)"
            let list = arguments.bindList(studies.map { .text($0) })
            return ("SELECT \(columns) FROM study s WHERE \(place) AND s.uid IN (\(list))", arguments)
        }
        let selectors = self.stores.reduce(into: Set<Int64>()) { $0.formUnion($1.allowed.selectors) }
        guard !selectors.isEmpty else { return statements }
        var arguments = StatementArguments()
        let test = "x.selector IN (\(arguments.bindList(selectors.sorted().map { .integer($0) })))"
        if isForCount {
            statements.append(("SELECT 1 FROM selectedStudy x WHERE \(test)", arguments))
        } else if key == .moment {
            statements.append(("SELECT x.study, x.moment FROM selectedStudy x WHERE \(test)", arguments))
        } else {
            let source = "selectedStudy x CROSS JOIN study s"
            statements.append(
                ("SELECT x.study, s.\(key.column) FROM \(source) WHERE s.id = x.study AND \(test)", arguments)
            )
        }
        return statements
    }
}

extension CatalogVisibility {
    /// Whether what may be seen of the stores is worked out.
    func isWorkedOut(of stores: [StoreName], on connection: any SQLConnection) throws -> Bool {
        let numbered = stores.map { (name: $0, number: Int64(0)) }
        return try VisibleStudies(self, of: numbered, on: connection)?.isComplete ?? true
    }
}
