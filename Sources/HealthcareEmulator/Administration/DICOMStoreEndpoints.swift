internal import CollimatorCore
internal import Cryptography
internal import EmulatorStorage
internal import HTTPTypes

/// DICOM stores; every method answers at once.
struct DICOMStoreEndpoints: EndpointGroup {
    let archive: Archive

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .post,
                PathTemplate.stores,
                .caller(.storesCreate),
                query: .only(["dicomStoreId"]),
                handler: self.create
            ),
            Endpoint(
                .get,
                PathTemplate.stores,
                .caller(.storesList),
                query: .only(Paging.parameters.union(["filter"])),
                handler: self.list
            ),
            Endpoint(.get, PathTemplate.store, .caller(.storesGet), handler: self.find),
            Endpoint(
                .patch,
                PathTemplate.store,
                .caller(.storesUpdate),
                query: .only(["updateMask"]),
                handler: self.patch
            ),
            Endpoint(.delete, PathTemplate.store, .caller(.storesDelete), handler: self.remove),
        ]
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let dataset = try call.dataset()
        guard let id = try call.query.value("dicomStoreId"), let name = DICOMStoreName(dataset: dataset, store: id)
        else {
            throw GoogleError(.invalidArgument, "Invalid DICOM store ID: it must match [\\p{L}\\p{N}_\\-\\.]{1,256}.")
        }
        let members = try DICOMStoreSchema.schema.read(try await call.jsonObject())
        try await self.archive.createStore(name, body: JSONNode.object(members).text())
        return try call.answer(Self.document(name, members))
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let paging = try Paging(call.query)
        let filter = try self.filter(call)
        // A filtered part of the list may be shorter than asked for; the token leads on from where it ended.
        let page = try await self.archive.stores(
            in: try call.dataset(),
            pageSize: paging.pageSize,
            after: paging.after
        )
        let items = page.items.compactMap { record -> JSONNode? in
            let fields = Self.fields(record.body)
            guard filter?.matches(Self.labels(fields)) ?? true else { return nil }
            return Self.document(record.name, fields)
        }
        let list = items.isEmpty ? [] : [JSONMember(name: "dicomStores", value: .array(items))]
        return try call.answer(.object(list + Paging.nextPageToken(page.next)))
    }

    private func filter(_ call: Call) throws(GoogleError) -> LabelFilter? {
        guard let text = try call.query.value("filter"), !text.isEmpty else { return nil }
        guard let filter = LabelFilter(text) else {
            throw GoogleError(
                .invalidArgument,
                "Invalid filter: only labels can be filtered by, as in labels.key=value, with AND, OR and NOT."
            )
        }
        return filter
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        let record = try await self.existing(call)
        return try call.answer(Self.document(record.name, Self.fields(record.body)))
    }

    @Sendable private func patch(_ call: Call) async throws -> Answer {
        let record = try await self.existing(call)
        let members = try DICOMStoreSchema.schema.patch(
            Self.fields(record.body),
            with: try await call.jsonObject(),
            mask: try call.query.value("updateMask")
        )
        let body = JSONNode.object(members).text()
        try await self.archive.updateStore(record.name, body: body, replacing: record.body)
        return try call.answer(Self.document(record.name, members))
    }

    @Sendable private func remove(_ call: Call) async throws -> Answer {
        try await self.archive.deleteStore(try call.store())
        return try call.answer([:])
    }

    private func existing(_ call: Call) async throws -> StoreRecord {
        guard let record = try await self.archive.store(try call.store()) else {
            throw GoogleError(ArchiveError.storeNotFound)
        }
        return record
    }

    private static func document(_ name: DICOMStoreName, _ fields: [JSONMember]) -> JSONNode {
        .object([JSONMember(name: "name", value: .string(name.description))] + fields)
    }

    private static func fields(_ body: [UInt8]) -> [JSONMember] {
        StrictJSON(parsing: body).map { JSONNode($0).members } ?? []
    }

    private static func labels(_ fields: [JSONMember]) -> [String: String] {
        guard let labels = fields.first(where: { $0.name == "labels" })?.value else { return [:] }
        var texts: [String: String] = [:]
        for member in labels.members {
            if case .string(let text) = member.value { texts[member.name] = text }
        }
        return texts
    }
}
