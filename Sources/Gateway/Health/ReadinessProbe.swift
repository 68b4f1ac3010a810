import CollimatorCore
import Logging
import Telemetry

/// Asks every configured store a small question and remembers the answer for a moment.
///
/// Anyone may ask for readiness, so the upstreams must not feel it: callers within ``GatewayLimits/readinessKeptFor``
/// get the answer of the first, and callers meanwhile wait for it. The service is ready while one store answers: a
/// replica that leaves because one of its stores is down would take the others with it. Which store is down, the log
/// says.
actor ReadinessProbe {
    private let stores: StoreDirectory
    private let limits: GatewayLimits
    private let logger: Logger
    private let clock = ContinuousClock()
    private var last: (at: ContinuousClock.Instant, isReady: Bool)?
    private var running: Task<Bool, Never>?

    init(stores: StoreDirectory, limits: GatewayLimits, logger: Logger) {
        self.stores = stores
        self.limits = limits
        self.logger = logger
    }

    /// Whether a store answered.
    func isReady() async -> Bool {
        if let last = self.last, self.clock.now - last.at < self.limits.readinessKeptFor { return last.isReady }
        if let running = self.running { return await running.value }
        // Awaited right here by the first caller, and by all who join.
        let task = Task { await self.ask() }
        self.running = task
        defer { self.running = nil }
        let isReady = await task.value
        self.last = (self.clock.now, isReady)
        return isReady
    }

    /// Asks all of them side by side, so that one that is silent does not make the others wait.
    private func ask() async -> Bool {
        // A store that was made through us is as reachable as the one whose Healthcare API it is in.
        let stores = self.stores.all.filter { !$0.isMadeHere }
        guard !stores.isEmpty else { return true }
        let limit = self.limits.readinessTimeout
        return await withTaskGroup(of: Bool.self) { group in
            for store in stores {
                group.addTask { [logger] in await Self.answers(store, within: limit, logger: logger) }
            }
            var isReady = false
            for await answers in group { isReady = isReady || answers }
            return isReady
        }
    }

    private static func answers(_ store: GatewayStore, within limit: Duration, logger: Logger) async -> Bool {
        do {
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await store.upstream.search(
                        UpstreamSearch(.studies, limit: 1),
                        UpstreamCall(tier: .read, principal: nil)
                    )
                }
                group.addTask {
                    try await Task.sleep(for: limit)
                    throw CollimatorError(.upstreamTimeout, "a store did not answer the readiness probe in time")
                }
                defer { group.cancelAll() }
                try await group.next()
                return true
            }
        } catch {
            logger.warning(
                "store is not ready",
                error: collimatorError(for: error),
                metadata: ["store.name": "\(store.name, .open)"]
            )
            return false
        }
    }
}
