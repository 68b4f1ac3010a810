import NIOCore

/// Whether the body of a request comes at a pace worth waiting for.
///
/// Only the time counts in which bytes were asked for: where the store is slow, and nothing is read for that, the client
/// is not. The first window is given to everyone; in each after it there must come a least number of bytes.
struct BodyPace {
    private let window: TimeAmount
    private let bytesMin: Int
    private var isFirstWindow = true
    private var bytes = 0
    private var waited = TimeAmount.zero
    private var askedAt: NIODeadline?

    init(window: TimeAmount, bytesMin: Int) {
        self.window = window
        self.bytesMin = bytesMin
    }

    /// Bytes are asked for.
    mutating func asked(at now: NIODeadline) {
        if self.askedAt == nil { self.askedAt = now }
    }

    /// What was asked for has come, and nothing is asked for now.
    mutating func paused(at now: NIODeadline) {
        self.count(until: now)
        self.askedAt = nil
    }

    /// Some bytes have come, or none; tells whether they are too few by now.
    mutating func came(_ count: Int, at now: NIODeadline) -> Bool {
        self.bytes += count
        self.count(until: now)
        guard self.waited >= self.window else { return false }
        let isTooSlow = !self.isFirstWindow && self.bytes < self.bytesMin
        self.isFirstWindow = false
        self.bytes = 0
        self.waited = .zero
        return isTooSlow
    }

    private mutating func count(until now: NIODeadline) {
        guard let askedAt = self.askedAt else { return }
        self.waited = self.waited + (now - askedAt)
        self.askedAt = now
    }
}
