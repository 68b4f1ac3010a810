internal import CollimatorCore
internal import DICOMweb
internal import EmulatorStorage
internal import NIOCore

/// Sends instances as the parts of one answer, leaving out those that are deleted before their turn comes.
struct PartsSender: Sendable {
    let archive: Archive
    let sender: InstanceSender
    let store: DICOMStoreName
    let syntax: RetrieveFormat.Syntax
    /// Whether the client is still there to be answered.
    let isWanted: @Sendable () -> Bool
    let writer = MultipartWriter()

    /// An instance that is ready to be sent, and those that follow it.
    struct Opened: Sendable {
        let first: InstanceSender.Prepared
        let rest: ArraySlice<ArchivedInstance>
    }

    /// Prepares the first of the instances that is still there; nil where none is.
    func open(_ instances: ArraySlice<ArchivedInstance>, _ stage: WorkPool.Stage) async throws -> Opened? {
        var rest = instances
        while let instance = rest.popFirst() {
            do {
                let ready = try await self.sender.prepare(instance, self.syntax, stage, isWanted: self.isWanted)
                return Opened(first: ready, rest: rest)
            } catch {
                guard try await self.archive.isGone(instance, from: self.store) else { throw error }
            }
        }
        return nil
    }

    /// Writes the parts of what was opened and of what follows it.
    func send(_ opened: Opened, to write: (ByteBuffer) async throws -> Void) async throws {
        guard case .transcoded = self.syntax else {
            return try await self.sendStored(opened.rest, after: self.part(opened.first), to: write)
        }
        var current: Opened? = opened
        while let opened = current {
            // The next is transcoded while this one is sent.
            async let following = self.open(opened.rest, .begun)
            try await self.sender.files.send(self.part(opened.first), to: write)
            withExtendedLifetime(opened) {}
            current = try await following
        }
    }

    /// Writes the parts of a further page of instances.
    func send(_ instances: [ArchivedInstance], to write: (ByteBuffer) async throws -> Void) async throws {
        guard case .transcoded = self.syntax else {
            return try await self.sendStored(instances[...], after: [], to: write)
        }
        if let opened = try await self.open(instances[...], .begun) { try await self.send(opened, to: write) }
    }

    private func sendStored(
        _ instances: ArraySlice<ArchivedInstance>,
        after opening: [Segment],
        to write: (ByteBuffer) async throws -> Void
    ) async throws {
        let parts = instances.map { instance in
            Segment.part(
                FilePart(
                    head: self.head(instance.transferSyntaxUID),
                    range: FileRange(path: instance.filePath, offset: 0, length: instance.sizeBytes),
                    tail: self.writer.partTail
                )
            )
        }
        let (archive, store) = (self.archive, self.store)
        let isGone: @Sendable (FileRange) async throws -> Bool = { range in
            guard let instance = instances.first(where: { $0.filePath == range.path }) else { return false }
            return try await archive.isGone(instance, from: store)
        }
        try await self.sender.files.send(opening + parts, isGone: isGone, to: write)
    }

    private func part(_ prepared: InstanceSender.Prepared) -> [Segment] {
        [
            .bytes(self.head(prepared.transferSyntax)), .file(prepared.range, open: prepared.file),
            .bytes(self.writer.partTail),
        ]
    }

    private func head(_ transferSyntax: String) -> ByteBuffer {
        self.writer.partHead(["Content-Type": "application/dicom; transfer-syntax=\(transferSyntax)"])
    }
}
