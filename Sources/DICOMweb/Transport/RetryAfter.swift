/// The `Retry-After` field (RFC 9110 §10.2.3): seconds, or a date.
enum RetryAfter {
    /// The wait that the value asks for; dates are taken against the answer's own `Date` field, not our clock.
    static func parse(_ value: String, date: String?) -> Duration? {
        if value.utf8.count <= 9, let seconds = UInt32(value) { return .seconds(Int64(seconds)) }
        guard let later = Self.seconds(date: value), let now = date.flatMap(Self.seconds(date:)) else { return nil }
        return .seconds(max(0, later - now))
    }

    /// The seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
    private static func seconds(date: String) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = date.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int64(words[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(words[2])), let year = Int64(words[3]),
            (1970...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]),
            (0...60).contains(clock[2])
        else { return nil }
        let days = Self.days(year: year, month: Int64(month + 1), day: day)
        return days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }

    /// The days since 1970-01-01 in the Gregorian calendar, years taken to begin in March so that leap days come last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month > 2 ? month - 3 : month + 9
        let years = month > 2 ? year : year - 1
        let dayOfYear = (153 * shifted + 2) / 5 + day - 1
        return 365 * years + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468
    }
}
