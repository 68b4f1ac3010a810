import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird

/// The methods of DICOM stores that change, or must respect, which stores are ours.
///
/// A store made here becomes one of ours; a list shows only ours; only what was made here can be deleted here.
struct CloudStoresController: Sendable {
    static let stores = "\(CloudAdministrationController.dataset)/dicomStores"

    let directory: StoreDirectory
    let register: StoreRegister
    let turns = DatasetTurns()
    let authorizes: @Sendable (CallerContext, GatewayStore) -> Bool

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, Self.stores, .storesCreate, handler: self.create),
            Endpoint(.get, Self.stores, .storesList, offersHead: false, handler: self.list),
            Endpoint(.delete, CloudAdministrationController.store, .storesDelete, handler: self.remove),
            Endpoint(
                .post,
                "\(CloudAdministrationController.store):deidentify",
                .storesDeidentify,
                handler: self.deidentify
            ),
            Endpoint(.delete, CloudAdministrationController.dataset, .datasetsDelete, handler: self.removeDataset),
        ]
    }

    @Sendable private func create(
        _ request: Request,
        context: CallerContext,
        target: CloudDatasetTarget
    ) async throws -> Response {
        let query = try CloudQuery(parsing: request.uri.query)
        guard let id = try query.parameters.single("dicomStoreId"), !id.allSatisfy({ $0 == "." }),
            let resource = DICOMStoreName(dataset: target.name, store: id), let name = StoreName(derivedFrom: id)
        else { throw Self.invalidID }
        var upstream = UpstreamRequest(.post, "\(target.path)/dicomStores", query: query.text)
        upstream.headers = [.accept: "application/json", .contentType: "application/json"]
        upstream.body = .bytes(try await CloudBody.read(request))
        let (store, sent) = (RegisteredStore(name: name, resource: resource), upstream)
        return try await toItsEnd {
            try await self.turns.making(in: target.name) {
                try await self.make(store, by: sent, in: target, context: context)
            }
        }
    }

    private func make(
        _ store: RegisteredStore,
        by upstream: UpstreamRequest,
        in target: CloudDatasetTarget,
        context: CallerContext
    ) async throws -> Response {
        try self.directory.reserve(store.name, for: store.resource)
        do {
            let answer = try await CollectedAnswer(
                try await target.healthcare.exchange(upstream, context.call(.storesCreate))
            )
            try HealthcareUpstream.refuseCredentialFailure(answer.status)
            guard (200..<300).contains(answer.status) else {
                self.directory.release(store.name)
                return try cloudAnswer(answer.response)
            }
            try await self.keep(store, in: target, context: context)
            return try cloudAnswer(answer.response)
        } catch {
            self.directory.release(store.name)
            throw error
        }
    }

    /// Writes the new store down and makes it known; where it cannot be written down it is taken back, so that none is
    /// left that nobody knows of.
    private func keep(
        _ store: RegisteredStore,
        in target: CloudDatasetTarget,
        context: CallerContext
    ) async throws {
        do {
            try await self.register.add(store)
        } catch {
            let path = CloudPath.encoded(store.resource.description)
            _ = try await target.healthcare.exchange(UpstreamRequest(.delete, path), context.call(.storesDelete))
            throw CollimatorError(.insufficientStorage, "the new store could not be written down", cause: error)
        }
        await self.directory.add(
            GatewayStore(
                name: store.name,
                resource: store.resource,
                upstream: target.healthcare.connect(store.resource),
                healthcare: target.healthcare,
                isMadeHere: true
            )
        )
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: CloudDatasetTarget
    ) async throws -> Response {
        let query = try CloudQuery(parsing: request.uri.query)
        let page = try CloudPage(query.parameters)
        let ours = Set(
            self.directory.all.filter { self.authorizes(context, $0) }.compactMap { $0.resource?.description }
        )
        let reading = CloudStoreList(path: "\(target.path)/dicomStores", healthcare: target.healthcare)
        let filter = query.text(without: ["pageSize", "pageToken", "fields", "alt", "prettyPrint"])
        let all = try await reading.read(filter: filter, context.call(.storesList))
        return page.answer(
            listing: all.filter { $0["name"]?.text.map(ours.contains) ?? false },
            as: "dicomStores",
            to: request
        )
    }

    @Sendable private func remove(
        _ request: Request,
        context: CallerContext,
        target: CloudStoreTarget
    ) async throws -> Response {
        guard target.store.isMadeHere else { throw Self.configured }
        return try await toItsEnd {
            let answer = try await self.delete(target.path, of: target.healthcare, context.call(.storesDelete))
            if (200..<300).contains(answer.status) || answer.status == 404 {
                // Struck out before it is forgotten: where that fails, the caller can delete it once more.
                try await self.register.remove([target.store.name])
                await self.directory.remove([target.store.name])
            }
            return try cloudAnswer(answer.response)
        }
    }

    @Sendable private func removeDataset(
        _ request: Request,
        context: CallerContext,
        target: CloudDatasetTarget
    ) async throws -> Response {
        try await toItsEnd {
            try await self.turns.deleting(target.name) {
                try await self.removeDataset(target, context.call(.datasetsDelete))
            }
        }
    }

    private func removeDataset(_ target: CloudDatasetTarget, _ call: UpstreamCall) async throws -> Response {
        let ours = self.directory.all.filter { $0.resource?.dataset == target.name }
        guard ours.allSatisfy(\.isMadeHere) else { throw Self.configured }
        // Deleting takes everything along. What is not known here cannot have been meant.
        let names = Set(ours.compactMap { $0.resource?.description })
        for kind in CloudStoreList.Kind.allCases {
            let reading = CloudStoreList(
                path: "\(target.path)/\(kind.rawValue)",
                healthcare: target.healthcare,
                kind: kind
            )
            let found = try await reading.read(filter: nil, call)
            guard found.allSatisfy({ $0["name"]?.text.map(names.contains) ?? false }) else { throw Self.notEmpty }
        }
        let answer = try await self.delete(target.path, of: target.healthcare, call)
        if (200..<300).contains(answer.status) {
            try await self.register.remove(ours.map(\.name))
            await self.directory.remove(ours.map(\.name))
        }
        return try cloudAnswer(answer.response)
    }

    @Sendable private func deidentify(
        _ request: Request,
        context: CallerContext,
        target: CloudStoreTarget
    ) async throws -> Response {
        let body = try await CloudBody.read(request)
        // The copy goes into a store of ours too: another one would be written to behind everybody's back.
        guard let destination = StrictJSON(parsing: body)?["destinationStore"]?.text,
            let name = DICOMStoreName(destination), self.directory[name] != nil
        else {
            throw CollimatorError(
                .invalidInput,
                "the destination is no configured store",
                publicDetail: "The destinationStore must name a DICOM store that is configured here."
            )
        }
        var upstream = UpstreamRequest(.post, "\(target.path):deidentify")
        upstream.query = try CloudQuery(parsing: request.uri.query).text
        upstream.headers = [.accept: "application/json", .contentType: "application/json"]
        upstream.body = .bytes(body)
        let answer = try await target.healthcare.exchange(upstream, context.call(.storesDeidentify))
        try HealthcareUpstream.refuseCredentialFailure(answer.status)
        return try cloudAnswer(answer)
    }

    private func delete(
        _ path: String,
        of healthcare: HealthcareUpstream,
        _ call: UpstreamCall
    ) async throws -> CollectedAnswer {
        let request = UpstreamRequest(.delete, path, headers: [.accept: "application/json"])
        let answer = try await CollectedAnswer(try await healthcare.exchange(request, call))
        try HealthcareUpstream.refuseCredentialFailure(answer.status)
        return answer
    }

    private static var invalidID: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the id of a new store is none",
            publicDetail: """
                The dicomStoreId must be given: at most 57 letters, digits, hyphens, underscores and full stops.
                """
        )
    }

    private static var configured: CollimatorError {
        CollimatorError(
            .preconditionFailed,
            "a configured store is not deleted here",
            publicDetail: "A store that the configuration of this service names cannot be deleted through it."
        )
    }

    private static var notEmpty: CollimatorError {
        CollimatorError(
            .preconditionFailed,
            "the dataset holds what was not made here",
            publicDetail: "The dataset holds stores that were not made through this service. Delete it elsewhere."
        )
    }
}
