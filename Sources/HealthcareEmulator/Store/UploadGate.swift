internal import HTTPTypes
internal import Synchronization

/// Lets a few uploads in at a time and refuses the rest, so that what they hold in memory has an end.
final class UploadGate: Sendable {
    private let width: Int
    private let count = Mutex(0)

    init(width: Int) {
        self.width = width
    }

    /// Throws 503 where as many are in as may be; whoever enters must leave.
    func enter() throws(GoogleError) {
        let isAdmitted = self.count.withLock { count in
            guard count < self.width else { return false }
            count += 1
            return true
        }
        guard isAdmitted else {
            throw GoogleError(.unavailable, "The service is busy; try again.", headers: [.retryAfter: "1"])
        }
    }

    func leave() {
        self.count.withLock { $0 -= 1 }
    }
}
