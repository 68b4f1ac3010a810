import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator health`: whether a gateway answers, for the health check of a container that has no other program.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a running gateway whether it lives; ends with status 0 or 1.",
        discussion: """
            Meant for the health check of a container and for scripts: nothing is written where all is well.

              collimator health
              collimator health --ready --url https://imaging.example.org
            """
    )

    @Option(help: "The gateway (default: $COLLIMATOR_URL, else $COLLIMATOR_SERVER_PORT or 8080 on this machine).")
    var url: String?

    @Flag(help: "Ask whether its stores answer too.")
    var ready = false

    private static let timeout = TimeAmount.seconds(5)

    func run() async throws {
        let client = HTTPClient()
        let isHealthy: Bool
        do {
            let request = HTTPClientRequest(url: self.target(environment: ProcessInfo.processInfo.environment))
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

    /// The address that is asked.
    func target(environment: [String: String]) -> String {
        let port = environment["COLLIMATOR_SERVER_PORT"] ?? "8080"
        var url = self.url ?? environment["COLLIMATOR_URL"] ?? "http://127.0.0.1:\(port)"
        while url.hasSuffix("/") { url.removeLast() }
        return url + (self.ready ? "/readyz" : "/healthz")
    }
}
