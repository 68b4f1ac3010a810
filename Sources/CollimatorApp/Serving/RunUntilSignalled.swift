package import Logging
package import ServiceLifecycle
import Synchronization
import UnixSignals

/// Runs a service until it ends or the process is asked to: SIGINT and SIGTERM let it finish what is under way.
///
/// What is not finished within the limit is cut, which is a good end too. A second signal ends the process at once. It
/// returns where the service came to a good end, which is also the way after a signal, and throws what the service threw
/// otherwise.
package func runUntilSignalled(
    _ service: some Service,
    draining: Draining = Draining(),
    logger: Logger
) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: [
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: service,
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .cancelGroup
                )
            ],
            logger: logger
        )
    )
    let run = SignalledRun(group: group, draining: draining, logger: logger)
    // Awaited below; a task of its own, so that it can be cut without cancelling the caller.
    let running = Task { try await group.run() }
    let watch = Task { await run.watch(signals) { running.cancel() } }
    defer { watch.cancel() }
    do {
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            running.cancel()
        }
    } catch {
        // What a service throws because it was cut says nothing more than that.
        guard run.isCut else { throw error }
    }
}

/// The end of a run, from the first signal on.
///
/// The group's own limits are not used: beyond the second of them it ends the process with a trap.
private final class SignalledRun: Sendable {
    private let group: ServiceGroup
    private let draining: Draining
    private let logger: Logger
    private let cut = Mutex(false)

    init(group: ServiceGroup, draining: Draining, logger: Logger) {
        self.group = group
        self.draining = draining
        self.logger = logger
    }

    /// Whether the time for what was under way has run out.
    var isCut: Bool { self.cut.withLock { $0 } }

    /// Waits for signals, until it is cancelled.
    func watch(_ signals: UnixSignalsSequence, cut: @escaping @Sendable () -> Void) async {
        await withDiscardingTaskGroup { tasks in
            var isAsked = false
            for await signal in signals {
                if isAsked {
                    self.draining.leave(Draining.signalStatusBase + signal.rawValue)
                    break
                }
                isAsked = true
                self.logger.notice("finishing what is under way; a second signal ends at once")
                await self.group.triggerGracefulShutdown()
                tasks.addTask { await self.limit(cut) }
            }
            tasks.cancelAll()
        }
    }

    private func limit(_ cut: () -> Void) async {
        do {
            try await Task.sleep(for: self.draining.limit)
            self.cut.withLock { $0 = true }
            self.logger.notice("cutting the connections of what is not finished")
            cut()
            try await Task.sleep(for: self.draining.cutLimit)
            self.logger.warning("something does not let go; ending without it")
            self.draining.leave(0)
        } catch {
            // The service came to its end in time.
        }
    }
}
