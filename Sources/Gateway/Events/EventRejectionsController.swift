import Catalog
import CollimatorCore
import FoundationEssentials
import Hummingbird

/// Messages about the stores that could not be used, so that an operator sees that and why.
struct EventRejectionsController: Sendable {
    let catalog: StudyCatalog

    var endpoints: [Endpoint] {
        [Endpoint(.get, "/api/v1/events/rejections", .eventRejectionsList, handler: self.list)]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let parameters = try QueryParameters(parsing: request.uri.query)
        try parameters.refuseUnknown(
            known: ["limit", "cursor"],
            detail: "The request has an unknown parameter. Known are limit and cursor."
        )
        let limit = try parameters.integer("limit", in: 1...200, fault: "The limit is a whole number from 1 to 200.")
        let cursor = try parameters.single("cursor").map(Self.id)
        let count = limit ?? 50
        var items = try await self.catalog.rejections(before: cursor, limit: count + 1)
        let isLast = items.count <= count
        items = Array(items.prefix(count))
        let next = isLast ? nil : items.last.map { String($0.id) }
        let body = JSONValue.object([
            ("items", .array(items.map(Self.json))),
            ("nextCursor", .text(next)),
        ])
        return jsonAnswer(body, to: request)
    }

    /// The id below which the page begins.
    private static func id(_ text: String) throws(CollimatorError) -> Int64 {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let id = Int64(text)
        else {
            throw CollimatorError(
                .invalidInput,
                "the cursor is not one of this list",
                publicDetail: "The cursor does not belong to this list. Begin again without one."
            )
        }
        return id
    }

    private static func json(_ rejection: EventRejection) -> JSONValue {
        let milliseconds = Int64(rejection.rejectedAt.timeIntervalSince1970 * 1_000)
        return .object([
            ("id", .string(String(rejection.id))),
            ("reason", .string(rejection.reason.rawValue)),
            ("rejectedAt", .string(RFC3339.text(milliseconds: milliseconds))),
            ("sizeBytes", .integer(Int(rejection.sizeBytes))),
            ("sha256", .string(rejection.digest)),
        ])
    }
}
