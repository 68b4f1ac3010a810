import ArgumentParser
import CollimatorApp

/// `collimator emulator`: the local Healthcare API alone.
struct EmulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emulator",
        abstract: "Start a local Healthcare API for DICOM stores, without the gateway.",
        discussion: """
            For programs that speak the Healthcare API: change the host to http://127.0.0.1:8085 and use the \
            service-account key that is written into the data folder.

              collimator emulator --demo
              collimator emulator --allow-unauthenticated --port 9000

            The store projects/local/locations/local/datasets/imaging/dicomStores/radiology is there from the start.
            """
    )

    @Option(help: "The port to listen on.")
    var port = 8085

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(name: .customLong("data-dir"), help: "The folder for the state.")
    var dataDirectory = ".collimator"

    @Flag(help: "Fill an empty archive with made-up studies on the first start.")
    var demo = false

    @Flag(name: .customLong("allow-unauthenticated"), help: "Let everyone who reaches the port do everything.")
    var allowsUnauthenticated = false

    @OptionGroup(title: "Stopping") var stopping: StoppingOptions

    @OptionGroup(title: "Logging") var logging: LoggingOptions

    func validate() throws {
        guard (0...65535).contains(self.port) else { throw ValidationError("The port must be from 0 to 65535.") }
    }

    func run() async throws {
        let logger = self.logging.bootstrap(label: "collimator.emulator")
        var configuration = EmulatorOnlyConfiguration(dataDirectory: self.dataDirectory)
        configuration.host = self.host
        configuration.port = self.port
        configuration.fillsWithDemo = self.demo
        configuration.allowsUnauthenticated = self.allowsUnauthenticated
        try await runUntilSignalled(
            try ArchiveService.emulate(configuration, surroundings: .process(logger: logger)),
            draining: self.stopping.draining,
            logger: logger
        )
    }
}
