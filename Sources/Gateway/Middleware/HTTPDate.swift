import CollimatorCore
import FoundationEssentials
import Synchronization

/// The time for `Date` (RFC 9110 §5.6.7), put into words once a second.
final class HTTPDate: Sendable {
    private let clock: WallClock
    private let last = Mutex((second: Int64.min, text: ""))

    init(clock: WallClock = .live) {
        self.clock = clock
    }

    var text: String {
        let now = Int64(self.clock.now().timeIntervalSince1970.rounded(.down))
        return self.last.withLock { last in
            if last.second != now { last = (now, Self.text(seconds: now)) }
            return last.text
        }
    }

    /// The words for a time since 1970.
    static func text(seconds: Int64) -> String {
        let days = seconds / 86_400
        let time = seconds % 86_400
        let (year, month, day) = RFC3339.day(days)
        let clock = [time / 3_600, time / 60 % 60, time % 60].map { Self.digits(Int($0)) }.joined(separator: ":")
        let weekday = Self.weekdays[Int(days % 7)]
        return "\(weekday), \(Self.digits(day)) \(Self.months[month - 1]) \(year) \(clock) GMT"
    }

    /// 1 January 1970 was a Thursday.
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
