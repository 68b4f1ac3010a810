import CollimatorCore
import Synchronization

/// How many zip files may be on the disk at the same time.
final class ZipSlots: Sendable {
    private let taken = Mutex(0)
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    /// Runs the body where there is a slot; throws `unavailable` where there is none.
    func use<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isFree = self.taken.withLock { taken in
            guard taken < self.countMax else { return false }
            taken += 1
            return true
        }
        guard isFree else {
            throw CollimatorError(
                .unavailable,
                "too many zip files are being read",
                publicDetail: "Too many zip files are being read; this one can be sent again a little later.",
                retryAfterSeconds: 10
            )
        }
        defer { self.taken.withLock { $0 -= 1 } }

        return try await body()
    }
}
