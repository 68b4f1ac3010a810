import ArgumentParser
import CollimatorApp

/// `collimator serve`: the gateway, and without a configuration a whole archive.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Start the gateway; without a configuration, with an archive of its own.",
        discussion: """
            Without a configuration file this needs nothing else: it starts a local Healthcare API in the same \
            process, keeps everything in the data folder and makes an administrator key there.

              collimator serve --demo                     a working archive with made-up studies
              collimator serve --data-dir /srv/imaging    state in another folder
              collimator serve --config collimator.yaml   in front of stores of the Healthcare API

            A configuration file names the stores:

              stores:
                names: [radiology]
                radiology:
                  resource: projects/p/locations/l/datasets/d/dicomStores/s
              upstream:
                credentials: application-default

            Every key can also be set in the environment: COLLIMATOR_SERVER_PORT is server.port.
            Ctrl-C finishes what is under way and ends with status 0; a second one ends at once.
            """
    )

    @Option(help: ArgumentHelp("The configuration file (YAML).", valueName: "file"))
    var config: String?

    @Option(help: "The address to listen on (default: 127.0.0.1).")
    var host: String?

    @Option(help: "The port to listen on (default: 8080).")
    var port: Int?

    @Option(name: .customLong("data-dir"), help: "The folder for the state (default: .collimator).")
    var dataDirectory: String?

    @Option(name: .customLong("emulator-port"), help: "The port of the local Healthcare API (default: 8085).")
    var emulatorPort: Int?

    @Flag(help: "Fill an empty archive with made-up studies on the first start.")
    var demo = false

    @OptionGroup(title: "Stopping") var stopping: StoppingOptions

    @OptionGroup(title: "Logging") var logging: LoggingOptions

    func run() async throws {
        let logger = self.logging.bootstrap(label: "collimator.serve")
        let surroundings = ServeSurroundings.process(logger: logger)
        var configuration = try await ServeConfiguration.read(
            commandLine: self.settings,
            environment: surroundings.environment,
            file: self.config
        )
        configuration.fillsWithDemo = self.demo
        try await runUntilSignalled(
            try await ArchiveService.serve(configuration, surroundings: surroundings),
            draining: self.stopping.draining,
            logger: logger
        )
    }

    /// What was given on the command line, by its configuration key.
    var settings: [String: CommandLineValue] {
        var settings: [String: CommandLineValue] = [:]
        settings["server.host"] = self.host.map(CommandLineValue.text)
        settings["server.port"] = self.port.map(CommandLineValue.number)
        settings["dataDir"] = self.dataDirectory.map(CommandLineValue.text)
        settings["emulator.port"] = self.emulatorPort.map(CommandLineValue.number)
        return settings
    }
}
