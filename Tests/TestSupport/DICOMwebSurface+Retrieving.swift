import DICOMweb
import NIOCore

extension DICOMwebSurface {
    func retrieve(_ sample: SampleStudy) async throws {
        let reference = sample.instances[0].reference
        let resources: [(DICOMResource, [SampleInstance])] = [
            (.study(sample.study), sample.instances),
            (.series(sample.study, reference.series), Array(sample.instances[0..<3])),
            (.instance(reference), [sample.instances[0]]),
        ]
        for (resource, instances) in resources {
            let parts = try await self.step("retrieve \(resource.path)") {
                try await self.client.retrieve(resource).collect(partsMax: 10, bytesPerPartMax: 1 << 20)
            }
            try self.check(parts.count == instances.count, "retrieve \(resource.path): count")
            let files = Set(parts.map { Array($0.bytes.readableBytesView) })
            try self.check(files == Set(instances.map(\.bytes)), "retrieve \(resource.path): bytes")
        }
    }

    /// Metadata, and a value that it only names.
    func describe(_ sample: SampleStudy) async throws {
        let metadata = try await self.step("metadata") { try await self.client.metadata(.study(sample.study)) }
        let references = Set(metadata.compactMap { InstanceReference($0) })
        try self.check(references == Set(sample.instances.map(\.reference)), "metadata: all instances")
        let instance = sample.instances[3]
        let one = try await self.step("metadata of an instance") {
            try await self.client.metadata(.instance(instance.reference))
        }
        try self.check(one.count == 1 && one[0].integer(.numberOfFrames) == 3, "metadata of an instance: frames")
        try self.check(one[0].personName(.referringPhysicianName)?.alphabetic == "Müller^Ärztin", "metadata: text")
        guard case .bulkDataURI(let uri) = one[0][.pixelData]?.content else {
            throw SurfaceFailure("metadata: bulk data URI of the pixels")
        }
        let bulk = try await self.step("bulk data") {
            try await self.client.bulkData(uri, of: instance.reference).collect(partsMax: 1, bytesPerPartMax: 1 << 20)
        }
        let pixels = instance.frames.flatMap { $0 }
        try self.check(bulk.map { Array($0.bytes.readableBytesView) } == [pixels], "bulk data: pixels")
    }

    /// Frames and pictures.
    func lookAt(_ sample: SampleStudy) async throws {
        let instance = sample.instances[3]
        for numbers in [[2], [1, 3], [3, 1]] {
            let frames = try await self.step("frames") {
                try await self.client.frames(numbers, of: instance.reference)
                    .collect(partsMax: 3, bytesPerPartMax: 1 << 20)
            }
            let expected = numbers.map { instance.frames[$0 - 1] }
            try self.check(frames.map { Array($0.bytes.readableBytesView) } == expected, "frames \(numbers): pixels")
        }
        let beginnings: [RenderedFormat: [UInt8]] = [.jpeg: [0xFF, 0xD8], .png: [0x89, 0x50, 0x4E, 0x47]]
        for (format, beginning) in beginnings {
            for frames in [[], [2]] {
                let pictures = try await self.step("rendered") {
                    try await self.client.rendered(
                        instance.reference,
                        frames: frames,
                        format: format,
                        viewport: Viewport(width: 16, height: 16)
                    ).collect(partsMax: 1, bytesPerPartMax: 1 << 20)
                }
                let isPicture = pictures.count == 1 && pictures[0].bytes.readableBytesView.starts(with: beginning)
                try self.check(isPicture, "rendered \(format) \(frames): a picture")
            }
        }
    }

    /// What is not there is not found; the Healthcare API may say that it is forbidden.
    func missing() async throws {
        guard let other = SampleStudy.make(404) else { throw SurfaceFailure("sample study") }
        let reference = other.instances[0].reference
        let calls: [(String, () async throws -> Void)] = [
            ("missing study", { _ = try await self.client.retrieve(.study(other.study)) }),
            ("missing instance", { _ = try await self.client.retrieve(.instance(reference)) }),
            ("missing metadata", { _ = try await self.client.metadata(.instance(reference)) }),
            ("missing frames", { _ = try await self.client.frames([1], of: reference) }),
            ("missing rendition", { _ = try await self.client.rendered(reference) }),
        ]
        for (name, call) in calls {
            do {
                try await call()
                throw SurfaceFailure("\(name): answered")
            } catch DICOMwebError.notFound, DICOMwebError.refused(.forbidden) {
                continue
            } catch let failure as SurfaceFailure {
                throw failure
            } catch {
                throw SurfaceFailure("\(name): \(error)")
            }
        }
    }
}
