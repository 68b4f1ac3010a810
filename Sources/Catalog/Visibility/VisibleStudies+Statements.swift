internal import CollimatorCore
internal import Persistence

extension VisibleStudies {
    /// Statements that give the number and the sort key of every study that is picked, and of some that are not seen.
    ///
    /// Each names no more than a statement may. Without `named`, those that are named by UID are left out.
    func statements(
        _ run: StudySearchRun,
        isForCount: Bool,
        named: Bool = true
    ) -> [(sql: String, arguments: StatementArguments)] {
        let key = run.query.order.key
        var statements: [(sql: String, arguments: StatementArguments)] = []
        for store in self.stores where named {
            for studies in self.pieces(store.allowed.studies.uids()) {
                var arguments = StatementArguments()
                let place = "s.store = \(arguments.bind(.integer(store.number)))"
                let columns = isForCount ? "1" : "s.id, s.\(key.column)"
                let list = arguments.bindList(studies.map { .text($0) })
                statements.append(
                    ("SELECT \(columns) FROM study s WHERE \(place) AND s.uid IN (\(list))", arguments)
                )
            }
        }
        let selectors = self.stores.reduce(into: Set<Int64>()) { $0.formUnion($1.allowed.selectors) }
        for some in self.pieces(selectors.sorted()) {
            var arguments = StatementArguments()
            let test = "x.selector IN (\(arguments.bindList(some.map { .integer($0) })))"
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
        }
        return statements
    }

    /// So many at a time as a statement names; one that would name more costs the square of them.
    private func pieces<Name>(_ names: [Name]) -> [ArraySlice<Name>] {
        stride(from: 0, to: names.count, by: self.namesMax).map { names[$0..<min(names.count, $0 + self.namesMax)] }
    }

    /// How many studies are named by UID; the catalog may have fewer.
    var namedCount: Int { self.stores.reduce(0) { $0 + $1.allowed.studies.count } }
}

extension CatalogVisibility {
    /// Whether what may be seen of the stores is worked out.
    func isWorkedOut(of stores: [StoreName], on connection: any SQLConnection) throws -> Bool {
        let numbered = stores.map { (name: $0, number: Int64(0)) }
        return try VisibleStudies(self, of: numbered, on: connection)?.isComplete ?? true
    }
}
