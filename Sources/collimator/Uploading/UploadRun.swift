import DICOMweb

/// Sends files to a destination, several at a time, and says what became of each.
struct UploadRun: Sendable {
    let destination: UploadDestination
    let known: KnownInstances
    let progress: UploadProgress
    let options: Options
    /// Reads the identifiers of a DICOM file; nil where they cannot be read.
    let identify: @Sendable (_ path: String) async -> FileIdentity?

    /// How it is done.
    struct Options: Sendable {
        /// Files on their way at the same time.
        var jobs = 4
        var attemptsMax = 4
        /// The longest wait for another attempt, in seconds, whatever the other side asks for.
        var retryAfterSecondsMax = 60
        /// After so many files in a row that could not be sent, the rest is not tried.
        var failuresInARowMax = 8
        var pause: @Sendable (_ seconds: Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    }

    /// Which object a file is.
    struct FileIdentity: Sendable, Equatable {
        let study: StudyUID
        let instance: InstanceUID
    }

    /// A file, and the name by which it is spoken of, which for one out of an archive is another than its path.
    struct Item: Sendable {
        let path: String
        let name: String
        /// Where the file is out of an archive: it is removed once it was sent, and its folder lives that long.
        var unpackedFrom: ZipUnpacking?
        /// What is known of it without sending.
        var verdict: UploadOutcome?
    }

    private struct Result: Sendable {
        let item: Item
        let outcome: UploadOutcome
        let bytes: Int64
    }

    /// Sends everything that the feed gives.
    ///
    /// Throws ``CommandFailure`` where the destination is gone.
    func run(
        _ feed: (_ submit: (Item) async throws -> Void) async throws -> Void
    ) async throws -> UploadSummary {
        try await withThrowingTaskGroup(of: Result.self) { group in
            var summary = UploadSummary()
            var running = 0
            var failuresInARow = 0
            func take() async throws {
                guard let result = try await group.next() else { return }
                running -= 1
                summary.add(result.outcome, path: result.item.name, bytes: result.bytes)
                self.progress.advance(bytes: result.bytes)
                if case .failed = result.outcome { failuresInARow += 1 } else { failuresInARow = 0 }
                guard failuresInARow < self.options.failuresInARowMax else {
                    throw CommandFailure.notDone(
                        "The archive can no longer be reached; \(summary.stored) files were stored.",
                        remedy: "Run the command again later: what is there already is not stored twice."
                    )
                }
            }
            try await feed { item in
                while running >= self.options.jobs { try await take() }
                group.addTask { await self.process(item) }
                running += 1
            }
            while running > 0 { try await take() }
            return summary
        }
    }

    private func process(_ item: Item) async -> Result {
        defer {
            if item.unpackedFrom != nil { removeFile(item.path) }
        }
        if let verdict = item.verdict { return Result(item: item, outcome: verdict, bytes: 0) }
        do {
            let (prefix, bytes) = try await FileUpload.beginning(of: item.path)
            guard bytes > 0 else { return Result(item: item, outcome: .skipped(.empty), bytes: 0) }
            switch FileKind(prefix: prefix) {
            case .dicom:
                let outcome = await self.send(FileUpload(path: item.path, bytes: bytes))
                return Result(item: item, outcome: outcome, bytes: bytes)
            case .dicomDirectory: return Result(item: item, outcome: .skipped(.dicomDirectory), bytes: 0)
            case .zip, .other: return Result(item: item, outcome: .skipped(.notDICOM), bytes: 0)
            }
        } catch {
            return Result(item: item, outcome: .refused("the file cannot be read"), bytes: 0)
        }
    }

    private func send(_ file: FileUpload) async -> UploadOutcome {
        let identity = await self.identify(file.path)
        var wasThere = false
        if let identity { wasThere = await self.known.contains(identity.instance, of: identity.study) }
        do {
            switch try await self.sendWithRetries(file) {
            case .stored:
                if let identity { await self.known.noteSent(identity.instance) }
                return wasThere ? .alreadyThere : .stored
            case .alreadyThere: return .alreadyThere
            case .skipped(let reason): return .skipped(reason)
            case .refused(let reason): return .refused(reason)
            }
        } catch let failure as SendFailure {
            return .failed(failure.reason)
        } catch {
            return .failed("the file could not be read to its end")
        }
    }

    /// Sending again is safe: an identical file is not stored twice.
    private func sendWithRetries(_ file: FileUpload) async throws -> SendResult {
        var attempt = 1
        while true {
            do {
                return try await self.destination.send(file)
            } catch let failure as SendFailure where failure.isPassing && attempt < self.options.attemptsMax {
                let ceiling = min(Double(1 << attempt) * 0.25, 8)
                let asked = min(failure.retryAfterSeconds ?? 0, self.options.retryAfterSecondsMax)
                try await self.options.pause(max(Double(asked), Double.random(in: 0...ceiling)))
                attempt += 1
            }
        }
    }
}
