internal import Persistence

/// Which records are wanted; what is given must hold all together.
package struct AuditQuery: Sendable, Hashable {
    package var caller: String?
    package var store: String?
    package var study: String?
    package var patientID: String?
    package var patientIssuer: String?
    package var permission: String?
    package var outcome: AuditRecord.Outcome?
    /// Not before this, in milliseconds since 1970.
    package var from: Int64?
    /// Before this, in milliseconds since 1970.
    package var to: Int64?
    /// Only records with a smaller number: where the page before ended.
    package var before: Int64?
    package var limit: Int

    package init(limit: Int) {
        self.limit = limit
    }

    /// The condition of the statement and its arguments.
    var condition: (String, [SQLValue]) {
        var terms: [String] = []
        var arguments: [SQLValue] = []
        func add(_ term: String, _ value: SQLValue?) {
            guard let value else { return }
            arguments.append(value)
            terms.append("\(term) ?\(arguments.count)")
        }
        add("caller =", self.caller.map { .text($0) })
        add("study =", self.study.map { .text($0) })
        add("patientID =", self.patientID.map { .text($0) })
        add("patientIssuer =", self.patientIssuer.map { .text($0) })
        add("store =", self.store.map { .text($0) })
        add("permission =", self.permission.map { .text($0) })
        add("outcome =", self.outcome.map { .text($0.rawValue) })
        add("time >=", self.from.map { .integer($0) })
        add("time <", self.to.map { .integer($0) })
        add("number <", self.before.map { .integer($0) })
        return (terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND "), arguments)
    }
}

/// A page of records.
package struct AuditPage: Sendable {
    package let rows: [AuditRow]
    /// The number of the last record where there are more; nil at the end.
    package let next: Int64?
}
