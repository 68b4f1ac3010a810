import AccessControl
import Audit
import CollimatorCore
import Cryptography
import DICOMweb

/// What a request for a page of the audit asks for.
struct AuditListRequest: Sendable {
    let query: AuditQuery

    static let limits = 1...200
    static let limitStandard = 50
    /// The longest ID of a patient and its issuer, in characters (LO, PS3.5 §6.2).
    static let textLengthMax = 64

    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: [
                "caller", "store", "study", "patientId", "issuer", "action", "outcome", "from", "to", "limit", "cursor",
            ],
            detail: """
                The request has an unknown parameter. Known are caller, store, study, patientId, issuer, action, \
                outcome, from, to, limit and cursor.
                """
        )
        let limit = try parameters.integer(
            "limit",
            in: Self.limits,
            fault: "The limit is a whole number from 1 to 200."
        )
        var wanted = AuditQuery(limit: limit ?? Self.limitStandard)
        wanted.caller = try Self.value("caller", in: parameters, "The caller is not the name of a principal.") {
            Principal($0)?.description
        }
        wanted.store = try Self.value("store", in: parameters, "The store is not a store name.") {
            StoreName($0)?.rawValue
        }
        wanted.study = try Self.value("study", in: parameters, "The study is not a DICOM UID.") {
            StudyUID($0)?.rawValue
        }
        wanted.patientID = try Self.value(
            "patientId",
            in: parameters,
            "The patient ID is empty or too long.",
            Self.text
        )
        wanted.patientIssuer = try Self.value("issuer", in: parameters, "The issuer is empty or too long.", Self.text)
        wanted.permission = try Self.value("action", in: parameters, "The action is not a permission.") { text in
            PermissionTable.rows.first { $0.permission.rawValue == text }?.permission.rawValue
        }
        wanted.outcome = try Self.value(
            "outcome",
            in: parameters,
            "The outcome is success, refused or failed.",
            AuditRecord.Outcome.init(rawValue:)
        )
        wanted.from = try Self.value("from", in: parameters, Self.timeFault, RFC3339.milliseconds)
        wanted.to = try Self.value("to", in: parameters, Self.timeFault, RFC3339.milliseconds)
        wanted.before = try Self.value(
            "cursor",
            in: parameters,
            "The cursor does not belong to this list. Begin again without one.",
            AuditCursor.number
        )
        self.query = wanted
    }

    private static let timeFault: StaticString = "A time looks like 2026-01-05T10:41:12Z."

    private static func text(_ text: String) -> String? {
        (1...Self.textLengthMax).contains(text.unicodeScalars.count) ? text : nil
    }

    private static func value<Value>(
        _ name: String,
        in parameters: QueryParameters,
        _ fault: StaticString,
        _ parse: (String) -> Value?
    ) throws(CollimatorError) -> Value? {
        guard let text = try parameters.single(name) else { return nil }
        guard let value = parse(text) else {
            throw CollimatorError(.invalidInput, "a filter of the audit is malformed", publicDetail: fault)
        }
        return value
    }
}

/// Where a list of the audit goes on.
enum AuditCursor {
    private static let version: UInt8 = 1

    static func text(_ number: Int64) -> String {
        Base64URL.encode([Self.version] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> Int64($0 * 8)) })
    }

    /// Nil where the text is no cursor.
    static func number(_ text: String) -> Int64? {
        guard text.utf8.count <= 16, let bytes = Base64URL.decode(text), bytes.count == 9, bytes[0] == Self.version
        else { return nil }
        let number = bytes.dropFirst().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return number > 0 ? number : nil
    }
}
