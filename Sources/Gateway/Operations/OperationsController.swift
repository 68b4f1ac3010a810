import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// What goes on at the upstream: operations that requests here or elsewhere began in the datasets of our stores.
struct OperationsController: Sendable {
    let stores: StoreDirectory
    let ownership: OperationOwnership
    let events: OperationEvents

    private static let root = "/api/v1/operations"

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, Self.root, .operationsList, reach: .listed, handler: self.list),
            Endpoint(.get, "\(Self.root)/{operation}", .operationsGet, handler: self.find),
            Endpoint(.get, "\(Self.root)/{operation}/events", .operationsGet, offersHead: false, handler: self.follow),
            Endpoint(.post, "\(Self.root)/{operation}/cancellations", .operationsCancel, handler: self.cancel),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let page = OperationPage(
            request: try OperationListRequest(parsing: request.uri.query),
            stores: self.stores.all,
            ownership: self.ownership,
            call: context.reading
        )
        let (items, cursor) = try await page.read(for: context.caller)
        let answer = JSONValue.object([
            ("items", .array(items.map(\.json))),
            ("nextCursor", .text(cursor?.text)),
        ])
        return jsonAnswer(answer, to: request)
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: OperationTarget
    ) async throws -> Response {
        let body = try await self.look(target, .operationsGet, context: context)
        return jsonAnswer(body.json, to: request)
    }

    @Sendable private func follow(
        _ request: Request,
        context: CallerContext,
        target: OperationTarget
    ) async throws -> Response {
        let first = try await self.look(target, .operationsGet, context: context)
        let call = context.reading
        return try self.events.response(beginningWith: first) {
            // The right is asked for anew each time: it may be taken away meanwhile.
            let store = try self.store(of: target, .operationsGet, for: context.caller)
            let operation = try await target.healthcare.operation(target.id.operation, in: target.dataset, call)
            return OperationBody(operation: operation, id: target.id, store: store)
        }
    }

    @Sendable private func cancel(
        _ request: Request,
        context: CallerContext,
        target: OperationTarget
    ) async throws -> Response {
        let before = try await self.look(target, .operationsCancel, context: context)
        guard before.operation.state == .running else {
            throw CollimatorError(
                .conflict,
                "the operation has ended",
                publicDetail: "The operation has ended already and cannot be cancelled."
            )
        }
        let name = "\(CloudPath.encoded(target.dataset.description))/operations/\(target.id.operation)"
        let upstream = UpstreamRequest(
            .post,
            "\(name):cancel",
            headers: [.accept: "application/json", .contentType: "application/json"],
            body: .bytes(Array("{}".utf8))
        )
        let answer = try await CollectedAnswer(try await target.healthcare.exchange(upstream, context.writing))
        try refuseFailure(answer.response, accepting: [200])
        return try await self.look(target, .operationsCancel, context: context).accepted
    }

    private func look(
        _ target: OperationTarget,
        _ permission: Permission,
        context: CallerContext
    ) async throws -> OperationBody {
        let store = try self.store(of: target, permission, for: context.caller)
        let operation = try await target.healthcare.operation(
            target.id.operation,
            in: target.dataset,
            context.reading
        )
        return OperationBody(operation: operation, id: target.id, store: store)
    }

    private func store(
        of target: OperationTarget,
        _ permission: Permission,
        for caller: Caller
    ) throws(CollimatorError) -> StoreName? {
        let question = OperationOwnership.Question(
            caller: caller,
            permission: permission,
            stores: target.neighbours
        )
        return try self.ownership.store(of: target.id.operation, in: target.dataset, question)
    }
}
