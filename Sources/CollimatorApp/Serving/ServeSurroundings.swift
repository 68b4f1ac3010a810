package import Logging

/// What a running service has around it.
package struct ServeSurroundings: Sendable {
    package var environment: [String: String]
    package var logger: Logger
    /// How this program was called, for the commands that it proposes.
    package var program = "collimator"
    /// Shows a text to the one who started the service.
    package var announce: @Sendable (_ text: String) -> Void

    package init(
        environment: [String: String],
        logger: Logger,
        announce: @escaping @Sendable (_ text: String) -> Void
    ) {
        self.environment = environment
        self.logger = logger
        self.announce = announce
    }
}
