import ArgumentParser
import AsyncHTTPClient
import CollimatorApp
import DICOMFiles
import FoundationEssentials

/// `collimator upload`: files, folders and zip archives into a store.
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Store DICOM files, folders and zip archives.",
        discussion: """
            Folders are gone through to the bottom. What is DICOM is told by the content of a file and not by its \
            name; anything else is skipped and listed. Interrupted, the same command goes on: a file that is in the \
            archive already is not stored twice.

              collimator upload ~/scans
              collimator upload study.zip --store radiology --jobs 8
              collimator upload ~/scans --emulator http://127.0.0.1:8085
              collimator upload ~/scans --healthcare projects/p/…/dicomStores/s

            Status 0: all DICOM files are in the archive. 1: some were refused or not sent, or a folder could not be \
            read. 2: nothing could be sent.
            """
    )

    @Argument(help: ArgumentHelp("Files, folders, zip archives.", valueName: "path"))
    var paths: [String]

    @Option(help: "Files on their way at the same time.")
    var jobs = 4

    @OptionGroup(title: "Gateway") var gateway: GatewayOptions

    @OptionGroup(title: "Without the gateway") var direct: DirectOptions

    func validate() throws {
        guard (1...64).contains(self.jobs) else { throw ValidationError("The jobs must be from 1 to 64.") }
    }

    func run() async throws {
        // Whatever ends this command early, Ctrl-C first of all, leaves no files behind in the temporary folder.
        let interruption = Interruption(says: "Interrupted. Run the same command again to go on.") {
            TemporaryFolder.removeAll()
        }
        defer { interruption.cancel() }

        TemporaryFolder.removeStale()
        let walk = try FileWalk(self.paths)
        let target =
            self.direct.isSet
            ? try await UploadTarget.store(self.direct, dataDirectory: self.gateway.dataDirectory)
            : try UploadTarget.gateway(self.gateway.access(), jobs: self.jobs)
        let summary: UploadSummary
        do {
            try await target.destination.check()
            summary = try await self.send(walk, to: target)
        } catch {
            try await target.close()
            throw error
        }
        try await target.close()
        for line in summary.lines { Console.standardOutput.line(line) }
        guard summary.isComplete else { throw CommandFailure.inPart }
    }

    private func send(_ walk: FileWalk, to target: UploadTarget) async throws -> UploadSummary {
        let progress = UploadProgress(total: walk.files.count + walk.leftOut.count)
        defer { progress.finish() }
        let run = UploadRun(
            destination: target.destination,
            known: KnownInstances(destination: target.destination),
            progress: progress,
            options: UploadRun.Options(jobs: self.jobs),
            identify: { path in target.tellsDuplicates ? nil : await FileIdentification.read(path) }
        )
        let feed = UploadFeed(walk: walk, progress: progress)
        return try await run.run { submit in try await feed.run(submit) }
    }
}
