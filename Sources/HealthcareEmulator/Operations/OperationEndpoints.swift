internal import CollimatorCore
internal import EmulatorStorage
internal import HTTPTypes

/// The operations of a dataset.
struct OperationEndpoints: EndpointGroup {
    let archive: Archive
    let operations: OperationRunner

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                PathTemplate.operations,
                .caller(.operationsList),
                query: .only(Paging.parameters.union(["filter", "returnPartialSuccess"])),
                handler: self.list
            ),
            Endpoint(
                .get,
                PathTemplate.operations + "/{operation}",
                .caller(.operationsGet),
                handler: self.find
            ),
            Endpoint(
                .post,
                PathTemplate.operations + "/{operation}:cancel",
                .caller(.operationsCancel),
                handler: self.cancel
            ),
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        if let filter = try call.query.value("filter"), !filter.isEmpty {
            throw GoogleError(.unimplemented, "Operations cannot be filtered here.")
        }
        let paging = try Paging(call.query)
        let page = try await self.archive.operations(
            in: try call.dataset(),
            pageSize: paging.pageSize,
            after: paging.after
        )
        let items = page.items.map(OperationDocument.document)
        let list = items.isEmpty ? [] : [JSONMember(name: "operations", value: .array(items))]
        return try call.answer(.object(list + Paging.nextPageToken(page.next)))
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        try call.answer(OperationDocument.document(try await self.existing(call)))
    }

    @Sendable private func cancel(_ call: Call) async throws -> Answer {
        _ = try await call.jsonObject()
        let record = try await self.existing(call)
        if !record.isDone { self.operations.cancel(record.id) }
        return try call.answer([:])
    }

    private func existing(_ call: Call) async throws -> OperationRecord {
        let text = try call.parameter("operation")
        let dataset = try call.dataset()
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let id = Int64(text), let record = try await self.archive.operation(id, in: dataset)
        else { throw GoogleError(.notFound, "The operation does not exist.") }
        return record
    }
}
