import ArgumentParser
import CollimatorApp
import FoundationEssentials
import PhantomStudies

/// `collimator demo-data`: the made-up studies as files.
struct DemoDataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-data",
        abstract: "Write made-up DICOM studies into a folder.",
        discussion: """
            The pictures are drawn, the people do not exist. The same seed always makes the same files.

              collimator demo-data scans
              collimator demo-data scans --profile benchmark

            The demo profile has twelve patients with CT, MR, CR, US, mammography, SR, PDF and SEG; the benchmark \
            profile has four CT studies of 80 slices.
            """
    )

    @Argument(help: ArgumentHelp("The folder; made where it is absent.", valueName: "dir"))
    var folder: String

    @Option(help: "Another seed makes other patients and other UIDs.")
    var seed: UInt64 = 1

    @Option(help: "Which collection: demo or benchmark.")
    var profile = Profile.demo

    /// The collections.
    enum Profile: String, ExpressibleByArgument, CaseIterable {
        case demo
        case benchmark
    }

    func run() async throws {
        let source =
            switch self.profile {
            case .demo: PhantomSource(PhantomCollection(seed: self.seed))
            case .benchmark: PhantomSource(BenchmarkCollection(seed: self.seed))
            }
        let progress = UploadProgress(total: source.count)
        var bytes: Int64 = 0
        while let file = try await source.next() {
            try self.write(file)
            bytes += Int64(file.bytes.count)
            progress.advance(bytes: Int64(file.bytes.count))
        }
        progress.finish()
        Console.standardOutput.line(
            "\(source.count) files in \(self.folder), \(UploadProgress.size(bytes))."
        )
    }

    private func write(_ file: PhantomFile) throws {
        let path = "\(self.folder)/\(file.relativePath)"
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try Data(file.bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandFailure.notDone(
                "The file \(path) cannot be written.",
                remedy: "Check that the folder can be written and has room."
            )
        }
    }
}
