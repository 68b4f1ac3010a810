import ArgumentParser

/// Options for sending to a DICOM store without a gateway between.
struct DirectOptions: ParsableArguments {
    @Option(help: ArgumentHelp("An emulator, such as http://127.0.0.1:8085.", valueName: "url"))
    var emulator: String?

    @Option(help: ArgumentHelp("A store of the Healthcare API.", valueName: "resource"))
    var healthcare: String?

    @Option(
        help: ArgumentHelp(
            "application-default, metadata-server, none, or a service-account key file.",
            valueName: "credentials"
        )
    )
    var credentials: String?

    @Option(help: ArgumentHelp("Another address of the Healthcare API.", valueName: "url"))
    var endpoint: String?

    /// Whether one of them was given.
    var isSet: Bool { self.emulator != nil || self.healthcare != nil }

    func validate() throws {
        guard self.emulator == nil || self.endpoint == nil else {
            throw ValidationError("Give either --emulator or --endpoint.")
        }
        guard self.isSet || (self.credentials == nil && self.endpoint == nil) else {
            throw ValidationError("--credentials and --endpoint go with --healthcare or --emulator.")
        }
    }
}
