package import Logging
package import ServiceLifecycle
import UnixSignals

/// How long the requests under way are given after Ctrl-C or SIGTERM, and how long what is then cancelled.
private enum ShutdownLimits {
    static let graceful = Duration.seconds(20)
    static let cancellation = Duration.seconds(10)
}

/// Runs a service until it ends or the process is asked to: SIGINT and SIGTERM let it finish what is under way.
///
/// It returns where the service came to a good end, which is also the way after a signal, and throws what the service
/// threw.
package func runUntilSignalled(_ service: some Service, logger: Logger) async throws {
    var configuration = ServiceGroupConfiguration(
        services: [
            ServiceGroupConfiguration.ServiceConfiguration(
                service: service,
                successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .cancelGroup
            )
        ],
        gracefulShutdownSignals: [.sigint, .sigterm],
        logger: logger
    )
    configuration.maximumGracefulShutdownDuration = ShutdownLimits.graceful
    configuration.maximumCancellationDuration = ShutdownLimits.cancellation
    try await ServiceGroup(configuration: configuration).run()
}
