import Identity
import Logging
import ServiceLifecycle
import Telemetry

/// What is known of callers while the service runs: what is only noted is written down every now and then and at the
/// end, and then the file is closed.
struct IdentityService: Service {
    let directory: IdentityDirectory
    private let logger: Logger

    /// How often last uses and looks are written down.
    private static let interval = Duration.seconds(30)

    /// The directory in its file of the folder.
    ///
    /// Throws ``StartupError``.
    static func make(in folder: String, logger: Logger) async throws -> IdentityService {
        IdentityService(directory: try await IdentityFile(folder: folder).open(), logger: logger)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: Self.interval)
                } catch {
                    return
                }
                await Self.flush(self.directory, self.logger)
            }
        }
        let (directory, logger) = (self.directory, self.logger)
        // Awaited at once; of its own, because the database does nothing for a task that is cancelled.
        let closing = Task {
            await Self.flush(directory, logger)
            try await directory.close()
        }
        try await closing.value
    }

    private static func flush(_ directory: IdentityDirectory, _ logger: Logger) async {
        await allowFailure("last uses and looks of callers are written down later", logger: logger) {
            try await directory.flush()
        }
    }
}
