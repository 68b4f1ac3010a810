import Audit
import Logging
import Persistence
import ServiceLifecycle
import Telemetry

/// The audit while it runs: counts are written when their minute is over, old records go, and at the end everything is
/// on the disk before the file is closed.
///
/// It is listed before the gateway, so that it ends when nobody can ask for anything any more.
struct AuditService: Service {
    let log: AuditLog
    private let database: Database
    private let logger: Logger

    /// How often counts are written and old records deleted.
    private static let interval = Duration.seconds(30)

    /// The audit in its file of the folder.
    ///
    /// Throws ``StartupError``.
    static func make(in folder: String, retentionDays: Int, logger: Logger) async throws -> AuditService {
        let configuration = AuditConfiguration(retentionDays: retentionDays)
        let (database, log) = try await AuditFile(folder: folder, logger: logger).open(configuration)
        return AuditService(log: log, database: database, logger: logger)
    }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    await self.log.sweep()
                    try await Task.sleep(for: Self.interval)
                }
            }
        } catch is CancellationError {
            // The end: what is left is written below.
        }
        let (log, database, logger) = (self.log, self.database, self.logger)
        // Awaited at once; of its own, because the database does nothing for a task that is cancelled.
        let closing = Task {
            try await log.flush()
            await allowFailure("the log of the audit stays beside its file", logger: logger) {
                try await database.checkpoint()
            }
            try await database.close()
        }
        try await closing.value
    }
}
