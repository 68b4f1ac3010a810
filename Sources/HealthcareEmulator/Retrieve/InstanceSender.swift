internal import DICOMFiles
internal import DICOMweb
internal import EmulatorStorage
internal import Glibc
internal import NIOCore

/// Prepares stored files for sending, as they are or transcoded.
struct InstanceSender: Sendable {
    let files: FileReader
    let pool: WorkPool
    let folder: TemporaryFolder

    /// Instances that are opened in one piece of work, to see whether they can be transcoded.
    static let checkedAtOnce = 16
    /// Such pieces of one request that are under way at a time.
    static let checksAtOnce = 2

    /// A file that is open and ready to be sent.
    struct Prepared: Sendable {
        let range: FileRange
        let file: OpenFile
        let transferSyntax: String
        /// Keeps a transcoded file until it is sent.
        let temporary: TemporaryFile?
    }

    /// Whether the instances can be given in the transfer syntax, as far as can be told without decoding them.
    ///
    /// What the index knows is looked at first. Only where the samples decide are files opened, some at a time, until
    /// one says no or nobody waits for the answer.
    func canGive(
        _ instances: [ArchivedInstance],
        in target: String,
        isWanted: @escaping @Sendable () -> Bool
    ) async throws -> Bool {
        let others = instances.filter { $0.transferSyntaxUID != target }
        guard others.allSatisfy({ TransferSyntaxes.canTranscode(from: $0.transferSyntaxUID, to: target) }) else {
            return false
        }
        // Every picture can be decompressed; whether one can be compressed hangs on its samples.
        if TransferSyntaxes.native.contains(target) { return true }
        let paths = others.map(\.filePath)
        let pool = self.pool
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            defer { group.cancelAll() }
            for (index, start) in stride(from: 0, to: paths.count, by: Self.checkedAtOnce).enumerated() {
                if index >= Self.checksAtOnce, let isPossible = try await group.next(), !isPossible { return false }
                let some = paths[start..<min(start + Self.checkedAtOnce, paths.count)]
                group.addTask {
                    try await pool.run(isWanted: isWanted) { try Self.canTranscode(some, to: target, isWanted) }
                }
            }
            while let isPossible = try await group.next() {
                guard isPossible else { return false }
            }
            return true
        }
    }

    /// Blocks: to be called on the pool.
    private static func canTranscode(
        _ paths: ArraySlice<String>,
        to target: String,
        _ isWanted: () -> Bool
    ) throws -> Bool {
        for path in paths {
            guard isWanted() else { throw CancellationError() }
            do {
                guard try DICOMObject(path: path).canTranscode(to: target) else { return false }
            } catch {
                // One that is not there keeps nothing from being given: sending finds out whether it was deleted.
                guard error.code == .io, access(path, F_OK) != 0 else { throw error }
            }
        }
        return true
    }

    /// Opens the file, transcoded where that is needed.
    func prepare(
        _ instance: ArchivedInstance,
        _ syntax: RetrieveFormat.Syntax,
        _ stage: WorkPool.Stage = .first,
        isWanted: @escaping @Sendable () -> Bool = { true }
    ) async throws -> Prepared {
        guard case .transcoded(let target) = syntax, target != instance.transferSyntaxUID else {
            return Prepared(
                range: FileRange(path: instance.filePath, offset: 0, length: instance.sizeBytes),
                file: try await self.files.open(instance.filePath),
                transferSyntax: instance.transferSyntaxUID,
                temporary: nil
            )
        }
        let output = self.folder.file()
        let (file, length) = try await self.pool.run(stage, isWanted: isWanted) {
            try DICOMObject(path: instance.filePath).transcode(to: target, outputPath: output.path)
            let file = try OpenFile(output.path)
            return (file, try file.size())
        }
        return Prepared(
            range: FileRange(path: output.path, offset: 0, length: length),
            file: file,
            transferSyntax: target,
            temporary: output
        )
    }

    /// The bare file of one instance.
    func single(_ prepared: Prepared) async throws -> Answer {
        let media = MediaType("application", "dicom", parameters: ["transfer-syntax": prepared.transferSyntax])
        return try await self.files.answer(
            [.file(prepared.range, open: prepared.file)],
            contentType: media.description,
            keeping: prepared
        )
    }
}
