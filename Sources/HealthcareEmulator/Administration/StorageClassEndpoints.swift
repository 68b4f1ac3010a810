internal import CollimatorCore
internal import Cryptography
internal import EmulatorStorage
internal import HTTPTypes

/// `setBlobStorageSettings` on a store, a study, a series or an instance: a long-running operation.
struct StorageClassEndpoints: EndpointGroup {
    let archive: Archive
    let operations: OperationRunner

    private static let verb = ":setBlobStorageSettings"
    private static let method =
        "google.cloud.healthcare.v1.storageinfo.StorageInfoService.SetBlobStorageSettings"

    var endpoints: [Endpoint] {
        [PathTemplate.store, PathTemplate.study, PathTemplate.series, PathTemplate.instance].map { path in
            Endpoint(.post, path + Self.verb, .caller(.dicomWebWrite)) { call in
                try await self.change(call, at: path)
            }
        }
    }

    private func change(_ call: Call, at path: String) async throws -> Answer {
        let storageClass = try Self.storageClass(try await call.jsonObject())
        let store = try call.store()
        let target: OperationWork.StorageTarget
        switch path {
        case PathTemplate.store:
            guard try await self.archive.store(store) != nil else { throw GoogleError(ArchiveError.storeNotFound) }
            target = .store(store)
        case PathTemplate.study:
            target = .scope(InstanceScope(store: store, study: try call.study()))
        case PathTemplate.series:
            target = .scope(InstanceScope(store: store, study: try call.study(), series: try call.series()))
        default:
            target = .scope(
                InstanceScope(
                    store: store,
                    study: try call.study(),
                    series: try call.series(),
                    instance: try call.instance()
                )
            )
        }
        if case .scope(let scope) = target, !(try await self.archive.contains(scope)) {
            throw GoogleError.notFound(scope)
        }
        try self.operations.admit()
        let operation = try await self.operations.start(
            .storageClass(storageClass, target),
            in: store.dataset,
            method: Self.method
        )
        return try call.answer(operation)
    }

    private static func storageClass(_ body: [String: StrictJSON]) throws(GoogleError) -> StorageClass {
        for name in body.keys where name != "blobStorageSettings" && name != "filterConfig" {
            throw .unknownField(name, in: "request")
        }
        if let filter = body["filterConfig"], filter != .null, filter != .object([:]) {
            throw GoogleError(.unimplemented, "A filter in Cloud Storage cannot be read here.")
        }
        guard let text = body["blobStorageSettings"]?["blobStorageClass"]?.text else {
            throw .invalidField("blobStorageSettings")
        }
        if text == "BLOB_STORAGE_CLASS_UNSPECIFIED" { return .standard }
        guard let storageClass = StorageClass(rawValue: text) else { throw .invalidField("blobStorageClass") }
        return storageClass
    }
}
