import Gateway
import Logging
import ServiceLifecycle

/// Has the change feed tell of operations that have ended, until the end.
struct OperationService: Service {
    let watch: OperationWatch
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.watch.run(logger: self.logger) }
    }
}
