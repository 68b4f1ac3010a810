internal import Persistence

extension StudySets.Key.Value {
    /// Those of the studies with a later change that have the value, and the others of them; no more than `limit`.
    func changed(
        since change: Int64,
        upTo limit: Int,
        on connection: any SQLConnection
    ) throws -> [(study: Int64, isIn: Bool)] {
        var changed: [(study: Int64, isIn: Bool)] = []
        for store in try connection.query("SELECT id FROM store") where changed.count < limit {
            var arguments = StatementArguments()
            let test = self.sql(&arguments)
            let place = "s.store = \(arguments.bind(.integer(try store.integer(0))))"
            let since = arguments.bind(.integer(change))
            let most = arguments.bind(.integer(limit))
            let sql = """
                SELECT s.id, CASE WHEN EXISTS (SELECT 1 FROM studyValue v WHERE v.study = s.id AND \(test)) THEN 1 ELSE 0 END
                FROM study s WHERE \(place) AND s.change > \(since) LIMIT \(most)
                """
            try connection.forEachPair(sql, arguments.values) { changed.append(($0, $1 == 1)) }
        }
        return changed
    }

    /// Reads so many rows of the index; gives the place after them, nil at the end.
    func read(
        _ rows: Int,
        at place: StudySets.Place,
        on connection: any SQLConnection,
        _ body: (Int64) -> Void
    ) throws -> StudySets.Place? {
        let last = try self.last(of: rows, after: place.after, in: place.part, on: connection)
        try self.forEach(after: place.after, upTo: last, in: place.part, on: connection, body)
        if let last { return StudySets.Place(part: place.part, after: last) }
        return place.part + 1 < self.attributes.count ? StudySets.Place(part: place.part + 1) : nil
    }

    /// The test on a row `v` of the table `studyValue` among those of a study, all of which are read where several attributes
    /// come into question.
    private func sql(_ arguments: inout StatementArguments) -> String {
        let attributes = arguments.bindList(self.attributes.map { .integer($0.rawValue) })
        let attribute = self.attributes.count > 1 ? "+v.attribute" : "v.attribute"
        return "\(attribute) IN (\(attributes)) AND \(self.bounds(&arguments))"
    }

    private func bounds(_ arguments: inout StatementArguments) -> String {
        switch self.bounds {
        case .equal(let value):
            let value = arguments.bind(.text(value))
            return "v.value >= \(value) AND v.value <= \(value)"
        case .between(let first, let end):
            return "v.value >= \(arguments.bind(.text(first))) AND v.value < \(arguments.bind(.text(end)))"
        }
    }

    /// The last row of the window after a row; nil where the window is not full.
    private func last(
        of rows: Int,
        after row: StudySets.Place.Row?,
        in attribute: Int,
        on connection: any SQLConnection
    ) throws -> StudySets.Place.Row? {
        var arguments = StatementArguments()
        let test = self.window(after: row, upTo: nil, in: attribute, &arguments)
        let offset = arguments.bind(.integer(rows - 1))
        let sql = """
            SELECT v.value, v.moment, v.study FROM studyValue v WHERE \(test)
            ORDER BY v.value, v.moment, v.study LIMIT 1 OFFSET \(offset)
            """
        return try connection.queryOne(sql, arguments.values).map { row in
            StudySets.Place.Row(value: row.values[0], moment: row.values[1], study: row.values[2])
        }
    }

    private func forEach(
        after row: StudySets.Place.Row?,
        upTo last: StudySets.Place.Row?,
        in attribute: Int,
        on connection: any SQLConnection,
        _ body: (Int64) -> Void
    ) throws {
        var arguments = StatementArguments()
        let test = self.window(after: row, upTo: last, in: attribute, &arguments)
        let sql = "SELECT v.study, v.moment FROM studyValue v WHERE \(test)"
        try connection.forEachPair(sql, arguments.values) { study, _ in body(study) }
    }

    /// The bounds are left out where a row of the index is a narrower one, which the engine would not see.
    private func window(
        after row: StudySets.Place.Row?,
        upTo last: StudySets.Place.Row?,
        in attribute: Int,
        _ arguments: inout StatementArguments
    ) -> String {
        var test = "v.attribute = \(arguments.bind(.integer(self.attributes[attribute].rawValue)))"
        if let row { test += " AND \(Self.position) > \(row.sql(&arguments))" }
        if let last { test += " AND \(Self.position) <= \(last.sql(&arguments))" }
        switch self.bounds {
        case .equal(let value):
            if row == nil { test += " AND v.value >= \(arguments.bind(.text(value)))" }
            if last == nil { test += " AND v.value <= \(arguments.bind(.text(value)))" }
        case .between(let first, let end):
            if row == nil { test += " AND v.value >= \(arguments.bind(.text(first)))" }
            if last == nil { test += " AND v.value < \(arguments.bind(.text(end)))" }
        }
        return test
    }

    private static let position = "(v.value, v.moment, v.study)"
}

extension StudySets.Place.Row {
    fileprivate func sql(_ arguments: inout StatementArguments) -> String {
        "(\(arguments.bind(self.value)), \(arguments.bind(self.moment)), \(arguments.bind(self.study)))"
    }
}
