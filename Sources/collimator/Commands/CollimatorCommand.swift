import ArgumentParser

/// `collimator`: the command that the others hang on.
struct CollimatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collimator",
        abstract: "A gateway for DICOM stores of the Google Cloud Healthcare API, with a local one inside.",
        discussion: """
            Begin here. This starts a working archive on this machine, filled with made-up studies, and prints \
            commands to try:

              collimator serve --demo

            Then, in another terminal:

              collimator search --patient-name smi
              collimator upload ~/scans

            Every command explains itself: collimator help upload
            """,
        subcommands: [
            ServeCommand.self, EmulatorCommand.self, UploadCommand.self, SearchCommand.self, CatalogCommand.self,
            ThumbnailsCommand.self, SignInCommand.self, KeysCommand.self, PrincipalsCommand.self,
            RulesCommand.self, RolesCommand.self, GroupsCommand.self, PolicyCommand.self, IAMCommand.self,
            WebhooksCommand.self,
            DemoDataCommand.self, HealthCommand.self, AuditCommand.self,
        ]
    )
}
