internal import CollimatorCore
internal import EmulatorStorage
internal import HTTPTypes

/// How much a store, study or series holds, and how an instance is stored.
struct MetricsEndpoints: EndpointGroup {
    let archive: Archive

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                PathTemplate.store + ":getDICOMStoreMetrics",
                .caller(.storesGet),
                handler: self.storeMetrics
            ),
            Endpoint(.get, PathTemplate.study + ":getStudyMetrics", .caller(.dicomWebRead), handler: self.studyMetrics),
            Endpoint(
                .get,
                PathTemplate.series + ":getSeriesMetrics",
                .caller(.dicomWebRead),
                handler: self.seriesMetrics
            ),
            Endpoint(
                .get,
                PathTemplate.instance + ":getStorageInfo",
                .caller(.dicomWebRead),
                handler: self.storageInfo
            ),
        ]
    }

    @Sendable private func storeMetrics(_ call: Call) async throws -> Answer {
        let store = try call.store()
        let metrics = try await self.archive.metrics(of: store)
        return try call.answer(
            .object(
                [JSONMember(name: "name", value: .string(store.description))]
                    + Self.count("studyCount", metrics.studyCount)
                    + Self.count("seriesCount", metrics.seriesCount)
                    + Self.common(metrics)
            )
        )
    }

    @Sendable private func studyMetrics(_ call: Call) async throws -> Answer {
        let scope = InstanceScope(store: try call.store(), study: try call.study())
        let metrics = try await self.archive.metrics(of: scope)
        return try call.answer(
            .object(
                [JSONMember(name: "study", value: .string(Self.name(scope)))]
                    + Self.count("seriesCount", metrics.seriesCount)
                    + Self.common(metrics)
            )
        )
    }

    @Sendable private func seriesMetrics(_ call: Call) async throws -> Answer {
        let scope = InstanceScope(store: try call.store(), study: try call.study(), series: try call.series())
        let metrics = try await self.archive.metrics(of: scope)
        return try call.answer(
            .object([JSONMember(name: "series", value: .string(Self.name(scope)))] + Self.common(metrics))
        )
    }

    @Sendable private func storageInfo(_ call: Call) async throws -> Answer {
        let scope = InstanceScope(
            store: try call.store(),
            study: try call.study(),
            series: try call.series(),
            instance: try call.instance()
        )
        guard let instance = try await self.archive.instance(scope) else {
            throw GoogleError.notFound(scope)
        }
        return try call.answer([
            "referencedResource": .string(Self.name(scope)),
            "blobStorageInfo": [
                "sizeBytes": .string(String(instance.sizeBytes)),
                "storageClass": .string(instance.storageClass.rawValue),
                "storageClassUpdateTime": .string(Timestamp.text(instance.storageClassUpdatedAt)),
            ],
            "structuredStorageInfo": ["sizeBytes": .int64(instance.structuredSizeBytes)],
        ])
    }

    private static func common(_ metrics: StorageMetrics) -> [JSONMember] {
        self.count("instanceCount", metrics.instanceCount)
            + self.count("structuredStorageSizeBytes", metrics.structuredSizeBytes)
            + self.count("blobStorageSizeBytes", metrics.blobSizeBytes)
    }

    /// Nought is left out, as in all JSON of protocol buffers.
    private static func count(_ name: String, _ value: Int64) -> [JSONMember] {
        value == 0 ? [] : [JSONMember(name: name, value: .string(String(value)))]
    }

    private static func name(_ scope: InstanceScope) -> String {
        var name = "\(scope.store)/dicomWeb/studies/\(scope.study)"
        if let series = scope.series { name += "/series/\(series)" }
        if let instance = scope.instance { name += "/instances/\(instance)" }
        return name
    }
}
