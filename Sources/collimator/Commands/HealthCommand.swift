import ArgumentParser
import AsyncHTTPClient
import CollimatorApp
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator health`: whether a gateway answers, for the health check of a container that has no other program.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a running gateway whether it lives; ends with status 0 or 1.",
        discussion: """
            Meant for the health check of a container and for scripts: nothing is written where all is well. Without \
            an address the gateway of this machine is asked, at the port and with TLS or without as the environment \
            says, and the configuration file where one is named. Whose name is in its certificate is not looked at then.

              collimator health
              collimator health --config /etc/collimator.yaml
              collimator health --ready --url https://imaging.example.org
            """
    )

    @Option(help: "The gateway (default: $COLLIMATOR_URL, else the one of this machine).")
    var url: String?

    @Option(help: ArgumentHelp("The configuration file of the gateway of this machine (YAML).", valueName: "file"))
    var config: String?

    @Flag(help: "Ask whether its stores answer too.")
    var ready = false

    private static let timeout = TimeAmount.seconds(5)

    func run() async throws {
        let target: Target
        do {
            target = try await self.target(environment: ProcessInfo.processInfo.environment)
        } catch {
            throw CommandFailure(status: 1, description: "\(error)")
        }
        let client = HTTPClient(
            configuration: target.isOwn ? OwnGateway.clientConfiguration : HTTPClient.Configuration()
        )
        let isHealthy: Bool
        do {
            let request = HTTPClientRequest(url: target.url)
            isHealthy = try await client.execute(request, timeout: Self.timeout).status.code == 200
        } catch {
            isHealthy = false
        }
        try await client.shutdown()
        // Container engines give a meaning to 0 and 1 alone.
        guard isHealthy else {
            throw CommandFailure(status: 1, description: "The gateway does not say that it is well.")
        }
    }

    /// What is asked.
    struct Target: Sendable, Equatable {
        let url: String
        /// Whether it is the gateway of this machine, found by its configuration.
        let isOwn: Bool
    }

    /// Throws what the configuration of this machine's gateway gives cause for.
    func target(environment: [String: String]) async throws -> Target {
        let path = self.ready ? "/readyz" : "/healthz"
        guard var url = self.url ?? environment["COLLIMATOR_URL"] else {
            let own = try await OwnGateway.read(environment: environment, file: self.config)
            return Target(url: own.url + path, isOwn: true)
        }
        while url.hasSuffix("/") { url.removeLast() }
        return Target(url: url + path, isOwn: false)
    }
}
