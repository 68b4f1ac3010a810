import Catalog
import CollimatorCore
import HealthcareAPI
import Logging
import ServiceLifecycle

/// Pulls messages about the stores from subscriptions of Pub/Sub until the end.
///
/// A message is acknowledged only once what it says is written down; before that its deadline is moved as often as it
/// takes. Whatever fails is left to Pub/Sub, which gives the messages out again.
struct EventPullService: Service {
    let intake: EventIntake
    let logger: Logger
    var times = Times()
    /// Gives the subscriptions, once what they need is there; called again where it throws.
    let prepare: @Sendable () async throws -> [SubscriptionClient]

    /// Times and limits of the pulling.
    struct Times: Sendable {
        /// Pulls of one subscription that are under way at the same time.
        var pullsMax = 2
        /// Messages of one pull.
        var messagesMax = 200
        /// How often the deadline of messages in work is moved, and how far from then.
        var extending = Duration.seconds(8)
        var extensionSeconds = 30
        /// The wait after a pull that gave nothing.
        var resting = Duration.milliseconds(200)
        /// The wait after a failure, which doubles, and the longest.
        var retrying = Duration.seconds(1)
        var retryingMax = Duration.seconds(64)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            guard let clients = await self.persistently(self.prepare) else { return }
            await withTaskGroup(of: Void.self) { group in
                for client in clients {
                    for _ in 0..<self.times.pullsMax {
                        group.addTask {
                            while await self.persistently({ try await self.pull(client) }) != nil {}
                        }
                    }
                }
            }
        }
    }

    /// Runs the round until it succeeds, later after each failure; nil where it was cancelled.
    private func persistently<Value: Sendable>(_ round: () async throws -> Value) async -> Value? {
        var failures = 0
        while !Task.isCancelled {
            do {
                return try await round()
            } catch {
                guard !Task.isCancelled else { return nil }
                self.logger.warning("messages about the stores cannot be taken in", error: error)
                let wait = min(self.times.retrying * (1 << min(failures, Self.doublingsMax)), self.times.retryingMax)
                failures += 1
                guard await self.slept(wait) else { return nil }
            }
        }
        return nil
    }

    /// How often the wait after a failure is doubled at the most.
    private static let doublingsMax = 10

    private func pull(_ client: SubscriptionClient) async throws {
        let messages = try await client.pull(max: self.times.messagesMax)
        guard !messages.isEmpty else {
            _ = await self.slept(self.times.resting)
            return
        }
        let ids = messages.map(\.ackID)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await self.intake.take(
                    messages.map { EventIntake.Message(data: $0.data, attributes: $0.attributes) }
                )
                return true
            }
            group.addTask { await self.extend(ids, of: client) }
            defer { group.cancelAll() }
            // The one that moves deadlines never ends by itself.
            while let isTaken = try await group.next(), !isTaken {}
        }
        try await client.acknowledge(ids)
    }

    private func extend(_ ids: [String], of client: SubscriptionClient) async -> Bool {
        while await self.slept(self.times.extending) {
            do {
                try await client.extend(ids, seconds: self.times.extensionSeconds)
            } catch {
                // The messages come again, which does no harm.
                self.logger.debug("a deadline could not be moved", error: error)
            }
        }
        return false
    }

    /// False where it was cancelled.
    private func slept(_ duration: Duration) async -> Bool {
        do {
            try await Task.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }
}
