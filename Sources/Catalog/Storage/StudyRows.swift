internal import DICOMweb
internal import Persistence

/// Writes the rows that belong to a study, where they differ from those that are there: most changes touch few of them.
struct StudyRows {
    let study: Int64
    let connection: any SQLConnection

    /// Puts the series with their attributes as bytes in place of those that are there.
    ///
    /// `sweep` gives the sweep that is noted with a series as the one that saw it; nil leaves what was noted.
    func writeSeries(
        _ series: [(entry: SeriesEntry, attributes: [UInt8])],
        isNew: Bool,
        sweep: (SeriesUID) -> Int64?
    ) throws {
        var there = isNew ? [:] : try self.series()
        for (entry, attributes) in series {
            let count = SQLValue.integer(entry.instanceCount.map(Int64.init))
            let uid = entry.series.rawValue
            guard let known = there.removeValue(forKey: uid) else {
                try self.connection.execute(
                    """
                    INSERT INTO series (study, uid, instanceCount, seenInSweep, attributes) VALUES (?1, ?2, ?3, ?4, ?5)
                    """,
                    [.integer(self.study), .text(uid), count, .integer(sweep(entry.series) ?? 0), .blob(attributes)]
                )
                continue
            }
            let seen = sweep(entry.series) ?? known.seen
            let isSame = known.count == count && known.attributes == attributes
            guard !isSame || known.seen != seen else { continue }
            try self.connection.execute(
                """
                UPDATE series SET instanceCount = ?3, seenInSweep = ?4, attributes = ?5, referenced = ?6
                WHERE study = ?1 AND uid = ?2
                """,
                [
                    .integer(self.study), .text(uid), count, .integer(seen), .blob(attributes),
                    // Objects that have come may refer to others.
                    .text(isSame ? known.referenced : nil),
                ]
            )
        }
        for uid in there.keys.sorted() {
            try self.forgetUploads(uid)
            try self.connection.execute(
                "DELETE FROM series WHERE study = ?1 AND uid = ?2",
                [.integer(self.study), .text(uid)]
            )
        }
    }

    /// Puts the values by which the study is found in place of those that are there.
    func writeValues(_ keys: SearchKeys, moment: Int64, isNew: Bool) throws {
        var there = isNew ? [:] : try self.values()
        for (attribute, value) in keys.rows {
            let known = there.removeValue(forKey: Value(attribute: attribute.rawValue, value: value))
            guard known != moment else { continue }
            let sql =
                known == nil
                ? "INSERT INTO studyValue (study, attribute, value, moment) VALUES (?1, ?2, ?3, ?4)"
                : "UPDATE studyValue SET moment = ?4 WHERE study = ?1 AND attribute = ?2 AND value = ?3"
            try self.connection.execute(
                sql,
                [.integer(self.study), .integer(attribute.rawValue), .text(value), .integer(moment)]
            )
        }
        for gone in there.keys {
            try self.connection.execute(
                "DELETE FROM studyValue WHERE study = ?1 AND attribute = ?2 AND value = ?3",
                [.integer(self.study), .integer(gone.attribute), .text(gone.value)]
            )
        }
    }

    /// Who stored a series that has gone is nobody's claim on one that comes later.
    private func forgetUploads(_ series: String) throws {
        try self.connection.execute(
            """
            DELETE FROM uploadedSeries WHERE series = ?2
                AND study = (SELECT uid FROM study WHERE id = ?1)
                AND store = (SELECT t.name FROM study s JOIN store t ON t.id = s.store WHERE s.id = ?1)
            """,
            [.integer(self.study), .text(series)]
        )
    }

    private struct Series: Equatable {
        let count: SQLValue
        let referenced: String?
        let seen: Int64
        let attributes: [UInt8]
    }

    private struct Value: Hashable {
        let attribute: Int
        let value: String
    }

    private func series() throws -> [String: Series] {
        var series: [String: Series] = [:]
        try self.connection.forEach(
            "SELECT uid, instanceCount, seenInSweep, attributes, referenced FROM series WHERE study = ?1",
            [.integer(self.study)]
        ) { row in
            series[try row.text(0)] = Series(
                count: row.values[1],
                referenced: try row.textIfPresent(4),
                seen: try row.integer(2),
                attributes: try row.blob(3)
            )
        }
        return series
    }

    private func values() throws -> [Value: Int64] {
        var values: [Value: Int64] = [:]
        try self.connection.forEach(
            "SELECT attribute, value, moment FROM studyValue WHERE study = ?1",
            [.integer(self.study)]
        ) { row in
            values[Value(attribute: Int(try row.integer(0)), value: try row.text(1))] = try row.integer(2)
        }
        return values
    }
}
