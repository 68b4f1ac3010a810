import Gateway
import Logging
import ServiceLifecycle

/// Has the change feed tell of looks for an emergency, until the end.
///
/// What is left untold then is told after the next start.
struct EmergencyService: Service {
    let watch: EmergencyWatch
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.watch.run(logger: self.logger) }
    }
}
