import Gateway
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// The gateway while it runs.
struct GatewayService: Service {
    let parts: GatewayParts
    let host: String
    let port: Int
    let logger: Logger
    /// Gets the port once the gateway listens.
    let boundPort: Announced<Int>

    func run() async throws {
        let boundPort = self.boundPort
        let application = gatewayApplication(
            self.parts,
            address: .hostname(self.host, port: self.port),
            logger: self.logger
        ) { channel in
            boundPort.succeed(channel.localAddress?.port ?? 0)
        }
        do {
            try await application.run()
        } catch {
            throw bindingFailure(error, port: self.port, option: "--port")
        }
    }
}

/// Something that is done once while the other services run.
struct OneTimeService: Service {
    let work: @Sendable () async throws -> Void

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await self.work()
            }
        } catch is CancellationError {
            // The process ends before the work was done, which is no failure of it.
        }
    }
}

/// Holds something open until every service that uses it has ended.
struct ClosingService: Service {
    let close: @Sendable () async throws -> Void

    func run() async throws {
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            // The group was cancelled: closing is still ours to do.
        }
        try await self.close()
    }
}
