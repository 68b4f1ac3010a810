import CollimatorCore
import Logging
import Telemetry

/// Asks every configured store a small question and remembers the answer for a moment.
///
/// Anyone may ask for readiness, so the upstreams must not feel it: callers within ``GatewayLimits/readinessKeptFor``
/// get the answer of the first, and callers meanwhile wait for it.
actor ReadinessProbe {
    private let stores: StoreDirectory
    private let keptFor: Duration
    private let logger: Logger
    private let clock = ContinuousClock()
    private var last: (at: ContinuousClock.Instant, isReady: Bool)?
    private var running: Task<Bool, Never>?

    init(stores: StoreDirectory, keptFor: Duration, logger: Logger) {
        self.stores = stores
        self.keptFor = keptFor
        self.logger = logger
    }

    /// Whether every store answered.
    func isReady() async -> Bool {
        if let last = self.last, self.clock.now - last.at < self.keptFor { return last.isReady }
        if let running = self.running { return await running.value }
        // Awaited right here by the first caller, and by all who join.
        let task = Task { await self.ask() }
        self.running = task
        defer { self.running = nil }
        let isReady = await task.value
        self.last = (self.clock.now, isReady)
        return isReady
    }

    private func ask() async -> Bool {
        for store in self.stores.all where !store.isMadeHere {
            do {
                _ = try await store.upstream.search(
                    UpstreamSearch(.studies, limit: 1),
                    UpstreamCall(tier: .read, principal: nil)
                )
            } catch {
                self.logger.warning(
                    "store is not ready",
                    error: collimatorError(for: error),
                    metadata: ["store.name": "\(store.name, .open)"]
                )
                return false
            }
        }
        return true
    }
}
