import CollimatorCore
import Synchronization

/// Which datasets stores are being made in, and which are being deleted, so that no dataset has both at once.
///
/// A store that is made while its dataset goes would be kept as one of ours and be nowhere; which of the two the upstream
/// did first nobody could tell.
final class DatasetTurns: Sendable {
    private enum Turn {
        case making(Int)
        case deleting
    }

    private let turns = Mutex<[DatasetName: Turn]>([:])

    /// Runs what makes a store in the dataset.
    ///
    /// - Throws: `unavailable` where the dataset is being deleted, and what `work` throws.
    func making<Result>(in dataset: DatasetName, _ work: () async throws -> Result) async throws -> Result {
        try self.turns.withLock { turns throws(CollimatorError) in
            switch turns[dataset] {
            case nil: turns[dataset] = .making(1)
            case .making(let count): turns[dataset] = .making(count + 1)
            case .deleting: throw Self.underWay
            }
        }
        defer {
            self.turns.withLock { turns in
                guard case .making(let count) = turns[dataset], count > 1 else {
                    turns[dataset] = nil
                    return
                }
                turns[dataset] = .making(count - 1)
            }
        }
        return try await work()
    }

    /// Runs what deletes the dataset.
    ///
    /// - Throws: `unavailable` where a store is being made in it, or it is being deleted, and what `work` throws.
    func deleting<Result>(_ dataset: DatasetName, _ work: () async throws -> Result) async throws -> Result {
        try self.turns.withLock { turns throws(CollimatorError) in
            guard turns[dataset] == nil else { throw Self.underWay }
            turns[dataset] = .deleting
        }
        defer { self.turns.withLock { $0[dataset] = nil } }
        return try await work()
    }

    private static var underWay: CollimatorError {
        CollimatorError(
            .unavailable,
            "a store is being made in a dataset that is being deleted, or the other way round",
            publicDetail: "A store is being made in this dataset, or the dataset is being deleted. Try again.",
            retryAfterSeconds: 1
        )
    }
}

/// Runs work to its end even where nobody waits for it any more.
///
/// What changes the upstream and is written down here afterwards must not end between the two because a client went
/// away.
func toItsEnd<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    try await Task { try await work() }.value
}
