internal import DICOMweb
internal import Persistence

/// Writes what selectors pick of one study, where that differs from what is there.
struct SelectionRows {
    let study: Int64
    let moment: Int64
    let connection: any SQLConnection
    /// Whether the study gets the number of a change in the same transaction, or the selectors that are written a revision.
    var isOfChange = true

    /// A selector that was evaluated up to this number has seen every study.
    static let everyStudy = Int64.max

    /// In the transaction that writes the study.
    ///
    /// Where nobody has said yet which selectors there are, whatever is kept has to be worked out anew.
    func write(_ entry: StudyEntry, _ board: SelectorBoard, isNew: Bool) throws {
        guard let selectors = board.current?.bearing(on: entry.study) else {
            try self.connection.execute("UPDATE selector SET position = 0 WHERE position > 0")
            return
        }
        guard !selectors.isEmpty else { return }
        try self.write(entry, selectors, isNew: isNew)
    }

    func write(_ entry: StudyEntry, _ selectors: [SelectorBoard.Numbered], isNew: Bool) throws {
        let there = isNew ? [:] : try self.there()
        let entry = try SeriesKnowledge(study: self.study, connection: self.connection).completing(entry)
        for selector in selectors {
            let row: Row? =
                switch selector.selector.part(entry) {
                case .nothing: nil
                case .whole: Row(moment: self.moment, series: nil)
                case .series(let some): Row(moment: self.moment, series: Self.text(some))
                }
            let known = there[selector.number]
            guard row != known else { continue }
            if !self.isOfChange { try self.revise(selector.number) }
            try self.put(row, of: selector.number, isKnown: known != nil)
        }
    }

    /// Lets everybody who remembers what the selector picks look again.
    private func revise(_ selector: Int64) throws {
        try self.connection.execute("UPDATE selector SET revision = revision + 1 WHERE id = ?1", [.integer(selector)])
    }

    private struct Row: Equatable {
        let moment: Int64
        let series: String?
    }

    private func there() throws -> [Int64: Row] {
        var there: [Int64: Row] = [:]
        try self.connection.forEach(
            "SELECT selector, moment, series FROM selectedStudy WHERE study = ?1",
            [.integer(self.study)]
        ) { row in
            there[try row.integer(0)] = Row(moment: try row.integer(1), series: try row.textIfPresent(2))
        }
        return there
    }

    private func put(_ row: Row?, of selector: Int64, isKnown: Bool) throws {
        guard let row else {
            try self.connection.execute(
                "DELETE FROM selectedStudy WHERE study = ?1 AND selector = ?2",
                [.integer(self.study), .integer(selector)]
            )
            return
        }
        let sql =
            isKnown
            ? "UPDATE selectedStudy SET moment = ?3, series = ?4 WHERE study = ?1 AND selector = ?2"
            : "INSERT INTO selectedStudy (study, selector, moment, series) VALUES (?1, ?2, ?3, ?4)"
        try self.connection.execute(
            sql,
            [.integer(self.study), .integer(selector), .integer(row.moment), .text(row.series)]
        )
        if row.series != nil {
            try self.connection.execute(
                "UPDATE selector SET isPartial = 1 WHERE id = ?1 AND isPartial = 0",
                [.integer(selector)]
            )
        }
    }

    /// Series in one column: UIDs hold no backslash.
    private static func text(_ series: Set<SeriesUID>) -> String {
        series.map(\.rawValue).sorted().joined(separator: "\\")
    }

    /// Reads the column.
    static func part(_ text: String?) -> StudyPart {
        guard let text else { return .whole }
        return .series(Set(text.split(separator: "\\").compactMap { SeriesUID(String($0)) }))
    }
}
