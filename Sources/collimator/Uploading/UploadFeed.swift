import Archives

/// The files of an upload, those inside zip archives unpacked one by one as their turn comes.
struct UploadFeed: Sendable {
    let walk: FileWalk
    let progress: UploadProgress

    /// Hands every file to `submit`, which waits while enough are on their way.
    func run(_ submit: (UploadRun.Item) async throws -> Void) async throws {
        for item in self.walk.leftOut { try await submit(item) }
        for path in self.walk.files {
            if await Self.isZip(path) {
                try await self.unpack(path, submit)
            } else {
                try await submit(UploadRun.Item(path: path, name: path))
            }
        }
    }

    /// A file that cannot be read is no archive; the run says what is wrong with it.
    private static func isZip(_ path: String) async -> Bool {
        do {
            return FileKind(prefix: try await FileUpload.beginning(of: path).prefix) == .zip
        } catch {
            return false
        }
    }

    private func unpack(_ path: String, _ submit: (UploadRun.Item) async throws -> Void) async throws {
        do {
            let archive = try ZipUnpacking(path: path)
            // The archive itself was counted, and its first entry takes that place.
            var isFirst = true
            while let entry = try await archive.next() {
                if !isFirst { self.progress.found(1) }
                isFirst = false
                switch entry {
                case .file(let unpacked, let name):
                    try await submit(
                        UploadRun.Item(path: unpacked, name: "\(path)/\(name)", unpackedFrom: archive)
                    )
                case .other(let name, let reason):
                    try await submit(UploadRun.Item(path: path, name: "\(path)/\(name)", verdict: .skipped(reason)))
                }
            }
        } catch let error as ZipError {
            try await submit(UploadRun.Item(path: path, name: path, verdict: .refused(error.words)))
        }
    }
}
