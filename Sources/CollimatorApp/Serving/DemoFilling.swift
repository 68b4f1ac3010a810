import CollimatorCore
import DICOMweb
import Glibc
import Logging
import PhantomStudies
import Telemetry

/// Fills the archive of this process with made-up studies, once.
///
/// It goes over HTTP like any upload. A start that was interrupted begins again: what is there already is the same,
/// byte for byte, and stays.
struct DemoFilling: Sendable {
    let client: DICOMwebClient
    let folder: DataFolder
    let surroundings: ServeSurroundings
    /// Hears of each file that was stored.
    let stored: @Sendable (_ study: StudyUID) -> Void
    /// Shows a picture that is worth looking at, once there is one.
    let propose: @Sendable () async throws -> Void

    /// Files on their way at the same time.
    private static let jobs = 4
    /// After how many files the progress is told.
    private static let toldEvery = 50

    func run() async throws {
        guard !DemoMark(self.folder).isThere else { return }
        let source = PhantomSource(PhantomCollection())
        self.surroundings.announce("\nFilling the archive with \(source.count) made-up files …")
        do {
            try await self.fill(source)
        } catch {
            guard !Task.isCancelled else {
                self.surroundings.announce("Not all made-up studies are stored: the next start with --demo goes on.")
                return
            }
            // The archive works without them; the next start goes on.
            self.surroundings.logger.error("filling with made-up studies failed", error: error)
            self.surroundings.announce("The made-up studies could not all be stored; start again to go on.")
            return
        }
        DemoMark(self.folder).put()
        self.surroundings.announce("The archive holds \(source.count) made-up files now.")
        try await self.propose()
    }

    private func fill(_ source: PhantomSource) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var sent = 0
            var running = 0
            while let file = try await source.next() {
                try Task.checkCancellation()
                if running == Self.jobs {
                    try await group.next()
                    running -= 1
                }
                group.addTask { try await self.store(file) }
                running += 1
                sent += 1
                if sent % Self.toldEvery == 0 { self.surroundings.announce("  \(sent) of \(source.count)") }
            }
            try await group.waitForAll()
        }
    }

    private func store(_ file: PhantomFile) async throws {
        let result = try await self.client.storeSinglePart(
            .bytes(file.bytes),
            StoreOptions(isRepeatedBySOPInstance: true)
        )
        guard result.isComplete else {
            throw CollimatorError(.conflict, "a made-up file was not stored")
        }
        self.stored(file.studyUID)
    }
}

/// The mark in the data folder that the archive was filled.
struct DemoMark: Sendable {
    private let path: String

    init(_ folder: DataFolder) {
        self.path = "\(folder.path)/demo-filled"
    }

    var isThere: Bool { access(self.path, F_OK) == 0 }

    func put() {
        let descriptor = open(self.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        // Without the mark the next start only compares what is there.
        if descriptor >= 0 { close(descriptor) }
    }
}
