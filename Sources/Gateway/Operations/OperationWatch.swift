import Catalog
import CollimatorCore
package import Logging
import Telemetry

/// Asks how operations go that were begun here, and has the change feed tell when one has ended, whoever waits for it.
///
/// Which they are is written down with the feed, so that a restart forgets none.
package struct OperationWatch: Sendable {
    let stores: StoreDirectory
    let feed: ChangeFeed

    /// The wait between two looks at one operation doubles from the first to the last.
    private static let waitFirst = Duration.seconds(1)
    private static let waitMax = ChangeFeed.operationWaitMax
    private static let doublingsMax = 6
    /// How often an operation is looked at, a week or so, before nobody waits for it any more.
    private static let looksMax = 10_000
    private static let batch = 50
    private static let lookout = Duration.seconds(1)
    private static let call = UpstreamCall(tier: .read, principal: nil)

    /// Looks until the task is cancelled.
    package func run(logger: Logger) async {
        while !Task.isCancelled {
            await allowFailure("operations are looked at later", logger: logger) { try await self.look(logger: logger) }
            do {
                try await Task.sleep(for: Self.lookout)
            } catch {
                return
            }
        }
    }

    /// Looks at the operations that are due: at those of one store one after the other, and at each store's beside the
    /// others', so that one that does not answer holds up none but its own.
    func look(logger: Logger) async throws {
        let due = try await self.feed.awaitedOperations(limit: Self.batch)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for awaited in Dictionary(grouping: due, by: \.store).values {
                group.addTask { try await self.look(at: awaited, logger: logger) }
            }
            try await group.waitForAll()
        }
    }

    /// Looks at operations of one store, and leaves the rest for later once it does not answer.
    private func look(at operations: [ChangeFeed.AwaitedOperation], logger: Logger) async throws {
        for (index, awaited) in operations.enumerated() {
            try Task.checkCancellation()
            guard awaited.looks < Self.looksMax, let store = self.stores[awaited.store],
                let dataset = store.resource?.dataset, let healthcare = store.healthcare
            else {
                try await self.feed.forget(awaited)
                continue
            }
            do {
                let operation = try await healthcare.operation(awaited.operation, in: dataset, Self.call)
                guard operation.state == .running else {
                    try await self.feed.tellFinished(awaited)
                    continue
                }
            } catch let error as CollimatorError where error.code == .notFound {
                // The upstream forgets operations that ended long ago, with or without its store.
                try await self.feed.tellFinished(awaited)
                continue
            } catch {
                logger.warning("the upstream does not say how an operation goes", error: error)
                // The one that it failed at comes last the next time: it keeps the others from nothing.
                for later in operations[(index + 1)...] { try await self.postpone(later) }
                return try await self.postpone(awaited)
            }
            try await self.postpone(awaited)
        }
    }

    private func postpone(_ awaited: ChangeFeed.AwaitedOperation) async throws {
        let wait = Self.waitFirst * (1 << min(awaited.looks, Self.doublingsMax))
        try await self.feed.postpone(awaited, by: min(wait, Self.waitMax))
    }
}

extension GatewayParts {
    /// What has the change feed tell of operations that have ended.
    package var operationWatch: OperationWatch { OperationWatch(stores: self.stores, feed: self.catalog.feed) }
}
