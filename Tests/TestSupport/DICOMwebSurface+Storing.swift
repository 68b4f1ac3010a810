import DICOMweb
import Foundation
import NIOCore

extension DICOMwebSurface {
    /// One request with all instances; again, which changes nothing.
    func store(_ sample: SampleStudy) async throws {
        let items = sample.instances.map { StoreItem.bytes($0.bytes) }
        for name in ["store", "store again"] {
            let result = try await self.step(name) { try await self.client.store(items) }
            try self.check(result.isComplete, "\(name): complete")
            let stored = Set(result.stored.compactMap(\.instance))
            try self.check(stored == Set(sample.instances.map(\.reference.instance)), "\(name): all named")
        }
    }

    /// A file from disk, a stream, a body of one file, and the address of the study.
    func storeInOtherWays(_ sample: SampleStudy) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/instance.dcm"
        try Data(sample.instances[0].bytes).write(to: URL(fileURLWithPath: path))
        let fromDisk = try await self.step("store file") {
            try await self.client.store([.file(path)], StoreOptions(study: sample.study))
        }
        try self.check(fromDisk.isComplete && fromDisk.stored.count == 1, "store file: complete")

        let (stream, continuation) = AsyncStream.makeStream(of: StoreItem.self)
        let pieces = AsyncStream<ByteBuffer> { continuation in
            for byte in sample.instances[1].bytes { continuation.yield(ByteBuffer(bytes: [byte])) }
            continuation.finish()
        }
        continuation.yield(StoreItem(.stream(pieces)))
        continuation.yield(.bytes(sample.instances[2].bytes))
        continuation.finish()
        let streamed = try await self.step("store stream") { try await self.client.store(stream: stream) }
        try self.check(streamed.isComplete && streamed.stored.count == 2, "store stream: complete")

        guard self.offers.singlePartStore else { return }
        let single = try await self.step("store single part") {
            try await self.client.storeSinglePart(.bytes(sample.instances[3].bytes))
        }
        try self.check(single.isComplete && single.stored.count == 1, "store single part: complete")
    }

    func delete(_ sample: SampleStudy) async throws {
        let instance = sample.instances[0].reference
        try await self.delete(.instance(instance))
        let left = try await self.step("search after deletion") {
            try await self.client.searchInstances(of: .series(instance.study, instance.series))
        }
        try self.check(left.count == 2, "delete instance: two left")
        try await self.delete(.series(instance.study, instance.series))
        let series = try await self.step("search after deletion") {
            try await self.client.searchSeries(of: sample.study)
        }
        try self.check(series.count == 1, "delete series: one left")
        try await self.delete(.study(sample.study))
        try await self.searchFindsNothing(sample)
    }

    func delete(_ resource: DICOMResource) async throws {
        try await self.step("delete \(resource.path)") {
            guard case .operation(let name) = try await self.client.delete(resource) else { return }
            let state = try await self.client.waitForOperation(name)
            try self.check(state == .succeeded, "delete: operation succeeded")
        }
    }
}
