internal import Persistence

extension StudySets.Key.Picked {
    /// Those of the store's studies with a later change that are picked, and the others of them; no more than `limit`.
    func changed(
        since change: Int64,
        upTo limit: Int,
        on connection: any SQLConnection
    ) throws -> [(study: Int64, isIn: Bool)] {
        var arguments = StatementArguments()
        var test = "1 = 0"
        if !self.selectors.isEmpty {
            let list = arguments.bindList(self.selectors.map { .integer($0) })
            // The sign keeps the few rows of the study from being looked up selector by selector.
            test = "EXISTS (SELECT 1 FROM selectedStudy x WHERE x.study = s.id AND +x.selector IN (\(list)))"
        }
        let place = "s.store = \(arguments.bind(.integer(self.store)))"
        let since = arguments.bind(.integer(change))
        let most = arguments.bind(.integer(limit))
        let sql = """
            SELECT s.id, s.uid, CASE WHEN \(test) THEN 1 ELSE 0 END
            FROM study s WHERE \(place) AND s.change > \(since) LIMIT \(most)
            """
        var changed: [(study: Int64, isIn: Bool)] = []
        try connection.forEach(sql, arguments.values) { row in
            let isIn = try row.integer(2) == 1 || self.names.contains(try row.text(1))
            changed.append((try row.integer(0), isIn))
        }
        return changed
    }

    /// Reads so many rows of a selector, or looks for some of the studies that are named; gives the place after them, nil at
    /// the end.
    func read(
        _ rows: Int,
        at place: StudySets.Place,
        on connection: any SQLConnection,
        _ body: (Int64) -> Void
    ) throws -> StudySets.Place? {
        let next = StudySets.Place(part: place.part + 1)
        guard place.part >= self.selectors.count else {
            let last = try self.read(rows, of: self.selectors[place.part], after: place.after, on: connection, body)
            return last.map { StudySets.Place(part: place.part, after: $0) } ?? next
        }
        guard let names = self.names.names(at: place.part - self.selectors.count, atATime: Self.namesAtATime)
        else { return nil }
        var arguments = StatementArguments()
        let store = arguments.bind(.integer(self.store))
        let list = arguments.bindList(names.map { .text($0) })
        let sql = "SELECT s.id, 1 FROM study s WHERE s.store = \(store) AND s.uid IN (\(list))"
        try connection.forEachPair(sql, arguments.values) { study, _ in body(study) }
        return next
    }

    private static let namesAtATime = 256

    /// Gives the last row where there may be more.
    private func read(
        _ rows: Int,
        of selector: Int64,
        after row: StudySets.Place.Row?,
        on connection: any SQLConnection,
        _ body: (Int64) -> Void
    ) throws -> StudySets.Place.Row? {
        var arguments = StatementArguments()
        var test = "x.selector = \(arguments.bind(.integer(selector)))"
        if let row {
            test += " AND (x.moment, x.study) > (\(arguments.bind(row.moment)), \(arguments.bind(row.study)))"
        }
        let store = arguments.bind(.integer(self.store))
        let most = arguments.bind(.integer(Int64(rows)))
        let sql = """
            SELECT x.study, x.moment FROM selectedStudy x CROSS JOIN study s
            WHERE s.id = x.study AND s.store = \(store) AND \(test) ORDER BY x.moment, x.study LIMIT \(most)
            """
        var count = 0
        var last: StudySets.Place.Row?
        try connection.forEachPair(sql, arguments.values) { study, moment in
            body(study)
            count += 1
            last = StudySets.Place.Row(value: .null, moment: .integer(moment), study: .integer(study))
        }
        return count < rows ? nil : last
    }
}
