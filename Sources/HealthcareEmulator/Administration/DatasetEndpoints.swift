internal import CollimatorCore
internal import Cryptography
internal import EmulatorStorage
internal import HTTPTypes

/// The methods of datasets.
///
/// Creation is an operation that is done when it is answered; the other methods answer at once.
struct DatasetEndpoints: EndpointGroup {
    let archive: Archive
    let operations: OperationRunner

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post,
                PathTemplate.datasets,
                .caller(.datasetsCreate),
                query: .only(["datasetId"]),
                handler: self.create
            ),
            Endpoint(
                .get,
                PathTemplate.datasets,
                .caller(.datasetsList),
                query: .only(Paging.parameters),
                handler: self.list
            ),
            Endpoint(.get, PathTemplate.dataset, .caller(.datasetsGet), handler: self.find),
            Endpoint(
                .patch,
                PathTemplate.dataset,
                .caller(.datasetsUpdate),
                query: .only(["updateMask"]),
                handler: self.patch
            ),
            Endpoint(.delete, PathTemplate.dataset, .caller(.datasetsDelete), handler: self.remove),
        ]
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let location = try call.location()
        guard let id = try call.query.value("datasetId"),
            let name = DatasetName(project: location.project, location: location.location, dataset: id)
        else { throw GoogleError(.invalidArgument, "Invalid dataset ID: it must match [\\p{L}\\p{N}_\\-\\.]{1,256}.") }
        let members = try DatasetSchema.schema.read(try await call.jsonObject())
        try await self.archive.createDataset(name, body: JSONNode.object(members).text())
        let response = JSONMember(
            name: "@type",
            value: "type.googleapis.com/google.cloud.healthcare.v1.dataset.Dataset"
        )
        let operation = try await self.operations.record(
            in: name,
            method: "google.cloud.healthcare.v1.dataset.DatasetService.CreateDataset",
            response: .object([response] + Self.document(name, members).members)
        )
        return try call.answer(operation)
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let location = try call.location()
        let paging = try Paging(call.query)
        let page = try await self.archive.datasets(
            project: location.project,
            location: location.location,
            pageSize: paging.pageSize,
            after: paging.after
        )
        let items = page.items.map { JSONNode.object(Self.members($0)) }
        let list = items.isEmpty ? [] : [JSONMember(name: "datasets", value: .array(items))]
        return try call.answer(.object(list + Paging.nextPageToken(page.next)))
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        try call.answer(.object(Self.members(try await self.existing(call))))
    }

    @Sendable private func patch(_ call: Call) async throws -> Answer {
        let record = try await self.existing(call)
        let members = try DatasetSchema.schema.patch(
            Self.fields(record.body),
            with: try await call.jsonObject(),
            mask: try call.query.value("updateMask")
        )
        let body = JSONNode.object(members).text()
        try await self.archive.updateDataset(record.name, body: body, replacing: record.body)
        return try call.answer(Self.document(record.name, members))
    }

    @Sendable private func remove(_ call: Call) async throws -> Answer {
        try await self.archive.deleteDataset(try call.dataset())
        return try call.answer([:])
    }

    private func existing(_ call: Call) async throws -> DatasetRecord {
        guard let record = try await self.archive.dataset(try call.dataset()) else {
            throw GoogleError(ArchiveError.datasetNotFound)
        }
        return record
    }

    private static func members(_ record: DatasetRecord) -> [JSONMember] {
        self.document(record.name, self.fields(record.body)).members
    }

    private static func document(_ name: DatasetName, _ fields: [JSONMember]) -> JSONNode {
        .object([JSONMember(name: "name", value: .string(name.description))] + fields)
    }

    private static func fields(_ body: [UInt8]) -> [JSONMember] {
        StrictJSON(parsing: body).map { JSONNode($0).members } ?? []
    }
}
