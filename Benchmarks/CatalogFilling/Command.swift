import ArgumentParser
import Foundation

/// Writes a catalog of made-up studies for the benchmarks and says how long it took, as JSON.
@main
struct FillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "CatalogFilling",
        abstract: "Fill the catalog of a data folder with made-up studies."
    )

    @Argument(help: "The data folder; what an earlier run left there is taken up again.")
    var folder: String

    @Argument(help: "How many studies.")
    var count: Int

    @Option(help: "Another number makes other studies.")
    var seed: UInt64 = 1

    @Option(help: "Studies in one transaction.")
    var page = 10_000

    func validate() throws {
        guard (1...10_000_000).contains(self.count) else { throw ValidationError("Between 1 and 10,000,000 studies.") }
        guard (1...100_000).contains(self.page) else { throw ValidationError("Between 1 and 100,000 in a page.") }
    }

    func run() async throws {
        let studies = MadeUpStudies(seed: self.seed, count: self.count)
        let report = try await Filling(folder: self.folder, studies: studies, pageSize: self.page).run()
        FileHandle.standardOutput.write(try JSONEncoder().encode(report) + Data("\n".utf8))
    }
}
