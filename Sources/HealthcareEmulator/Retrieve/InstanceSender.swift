internal import DICOMFiles
internal import DICOMweb
internal import EmulatorStorage
internal import Hummingbird
internal import NIOCore

/// Sends stored files, as they are or transcoded on the way.
struct InstanceSender: Sendable {
    let files: FileReader
    let pool: WorkPool
    let folder: TemporaryFolder

    /// A file that is ready to be sent.
    struct Prepared: Sendable {
        let range: FileRange
        let transferSyntax: String
        /// Keeps a transcoded file until it is sent.
        let temporary: TemporaryFile?
    }

    /// Whether the instance can be given in the transfer syntax, as far as can be told without decoding it.
    func canGive(_ instance: ArchivedInstance, in target: String) async throws -> Bool {
        let stored = instance.transferSyntaxUID
        guard stored != target else { return true }
        guard TransferSyntaxes.canTranscode(from: stored, to: target) else { return false }
        // Every picture can be decompressed; whether one can be compressed hangs on its samples.
        if TransferSyntaxes.native.contains(target) { return true }
        return try await self.pool.run { try DICOMObject(path: instance.filePath).canTranscode(to: target) }
    }

    /// Transcodes the file where that is needed.
    func prepare(_ instance: ArchivedInstance, _ syntax: RetrieveFormat.Syntax) async throws -> Prepared {
        guard case .transcoded(let target) = syntax, target != instance.transferSyntaxUID else {
            return Prepared(
                range: FileRange(path: instance.filePath, offset: 0, length: instance.sizeBytes),
                transferSyntax: instance.transferSyntaxUID,
                temporary: nil
            )
        }
        let output = self.folder.file()
        let length = try await self.pool.run {
            try DICOMObject(path: instance.filePath).transcode(to: target, outputPath: output.path)
            return try OpenFile(output.path).size()
        }
        return Prepared(
            range: FileRange(path: output.path, offset: 0, length: length),
            transferSyntax: target,
            temporary: output
        )
    }

    /// The bare file of one instance.
    func single(_ instance: ArchivedInstance, _ syntax: RetrieveFormat.Syntax) async throws -> Answer {
        let prepared = try await self.prepare(instance, syntax)
        let media = MediaType("application", "dicom", parameters: ["transfer-syntax": prepared.transferSyntax])
        return try await self.files.answer([.file(prepared.range)], contentType: media.description, keeping: prepared)
    }

    /// Writes the parts of some instances; the first of them may be prepared already.
    func send(
        _ instances: [ArchivedInstance],
        _ syntax: RetrieveFormat.Syntax,
        _ opening: Prepared?,
        _ writer: MultipartWriter,
        to body: inout any ResponseBodyWriter
    ) async throws {
        guard case .transcoded = syntax else {
            let segments = instances.flatMap { instance in
                self.part(
                    FileRange(path: instance.filePath, offset: 0, length: instance.sizeBytes),
                    instance.transferSyntaxUID,
                    writer
                )
            }
            return try await self.files.send(segments, to: &body)
        }
        var ready = opening
        for (index, instance) in instances.enumerated() {
            let current: Prepared
            if let ready { current = ready } else { current = try await self.prepare(instance, syntax) }
            // The next is transcoded while this one is sent.
            async let following = index + 1 < instances.count ? self.prepare(instances[index + 1], syntax) : nil
            try await self.files.send(self.part(current.range, current.transferSyntax, writer), to: &body)
            ready = try await following
        }
    }

    private func part(_ range: FileRange, _ transferSyntax: String, _ writer: MultipartWriter) -> [Segment] {
        [
            .bytes(writer.partHead(["Content-Type": "application/dicom; transfer-syntax=\(transferSyntax)"])),
            .file(range),
            .bytes(writer.partTail),
        ]
    }
}
