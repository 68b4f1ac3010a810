import Audit
import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird

/// Who saw what, for those who have to know.
struct AuditController: Sendable {
    /// Nil where nothing is written down.
    let store: AuditStore?

    private static let root = "/api/v1/audit"

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, Self.root, .auditRead, handler: self.list),
            Endpoint(.get, "\(Self.root)/verification", .auditRead, handler: self.verify),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let wanted = try AuditListRequest(parsing: request.uri.query)
        let page = try await self.kept.page(wanted.query)
        let next = page.next.map(AuditCursor.text)
        var response = jsonAnswer(
            .object([("items", .array(page.rows.map(\.json))), ("nextCursor", .text(next))]),
            to: request
        )
        // Patient data about many: no browser keeps it.
        response.headers[.cacheControl] = "no-store"
        return response
    }

    @Sendable private func verify(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let verification = try await self.kept.verify()
        return jsonAnswer(
            .object([
                ("intact", .bool(verification.brokenAt == nil)),
                ("records", .integer(verification.records)),
                ("brokenAt", .number(verification.brokenAt.map { Int($0) })),
                (
                    "head",
                    .object([
                        ("number", .integer(Int(verification.head.number))),
                        ("hash", .string(Hexadecimal.encode(verification.head.hash))),
                    ])
                ),
            ]),
            to: request
        )
    }

    private var kept: AuditStore {
        get throws(CollimatorError) {
            guard let store = self.store else { throw CollimatorError(.unavailable, "there is no audit here") }
            return store
        }
    }
}

extension AuditRow {
    fileprivate var json: JSONValue {
        let record = self.record
        let patient = record.subject.patient.map { patient in
            JSONValue.object([("id", .string(patient.id)), ("issuer", .text(patient.issuer))])
        }
        return .object([
            ("number", .integer(Int(self.number))),
            ("time", .string(RFC3339.text(milliseconds: record.timeMilliseconds))),
            ("caller", .string(record.caller.principal)),
            ("authenticationMethod", .string(record.caller.method)),
            ("purpose", .text(record.caller.purpose)),
            ("action", .string(record.action.permission)),
            ("route", .string(record.action.route)),
            ("outcome", .string(record.outcome.rawValue)),
            ("store", .text(record.subject.store)),
            ("study", .text(record.subject.study)),
            ("series", .text(record.subject.series)),
            ("instance", .text(record.subject.instance)),
            ("patient", patient ?? .null),
            ("decision", .text(record.decision)),
            ("requestId", .string(record.requestID)),
            ("clientAddress", .text(record.caller.address)),
            ("count", .integer(record.count)),
            ("repeats", .bool(record.isRepeats)),
        ])
    }
}
