import FoundationEssentials

/// Times in the form of RFC 3339, as JSON and queries have them.
enum RFC3339 {
    /// A time such as `2026-01-05T10:41:12Z`, in milliseconds since 1970; nil for what is no time.
    static func milliseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard (20...40).contains(bytes.count), [UInt8(ascii: "T"), UInt8(ascii: "t")].contains(bytes[10]),
            CalendarDate(iso: text.prefix(10)) != nil,
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let seconds = Self.clock(bytes[11..<19], hourMax: 23),
            let (fraction, end) = Self.fraction(bytes, at: 19), let offset = Self.offset(bytes[end...])
        else { return nil }
        return (Self.days(year, month, day) * 86_400 + Int64(seconds - offset)) * 1_000 + Int64(fraction)
    }

    /// The time in UTC, to the second.
    static func text(milliseconds: Int64) -> String {
        let seconds = milliseconds >= 0 ? milliseconds / 1_000 : (milliseconds - 999) / 1_000
        guard Self.plainSeconds.contains(seconds) else {
            return Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
        }
        let (year, month, day) = Self.day(seconds / 86_400)
        let time = Int(seconds % 86_400)
        return String(unsafeUninitializedCapacity: 20) { buffer in
            let fields: [(value: Int, digits: Int, end: UInt8)] = [
                (year, 4, UInt8(ascii: "-")), (month, 2, UInt8(ascii: "-")), (day, 2, UInt8(ascii: "T")),
                (time / 3_600, 2, UInt8(ascii: ":")), (time / 60 % 60, 2, UInt8(ascii: ":")),
                (time % 60, 2, UInt8(ascii: "Z")),
            ]
            var end = 0
            for field in fields {
                var rest = field.value
                for place in (end..<(end + field.digits)).reversed() {
                    buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                buffer[end + field.digits] = field.end
                end += field.digits + 1
            }
            return end
        }
    }

    /// From 1970 to the end of the year 9999: times that are written by hand, because lists have many.
    private static let plainSeconds: Range<Int64> = 0..<253_402_300_800

    /// The day of the Gregorian calendar so many days after 1 January 1970: ``days(_:_:_:)`` the other way round.
    static func day(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let number = Int(days) + 719_468
        let era = number / 146_097
        let dayOfEra = number % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let months = (5 * dayOfYear + 2) / 153
        let month = months < 10 ? months + 3 : months - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * months + 2) / 5 + 1)
    }

    /// `HH:MM:SS` in seconds; a leap second is the one after it.
    private static func clock(_ text: ArraySlice<UInt8>, hourMax: Int) -> Int? {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.count == 2 }), let hour = Self.number(parts[0]),
            let minute = Self.number(parts[1]), let second = Self.number(parts[2]), hour <= hourMax, minute <= 59,
            second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    /// The milliseconds of a fraction of a second, and where it ends; what is finer is left out.
    private static func fraction(_ bytes: [UInt8], at start: Int) -> (Int, Int)? {
        guard bytes[start] == UInt8(ascii: ".") else { return (0, start) }
        let digits = bytes[(start + 1)...].prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty, let number = Self.number(Array((Array(digits) + [0x30, 0x30]).prefix(3))[...]) else {
            return nil
        }
        return (number, start + 1 + digits.count)
    }

    /// `Z` or `±HH:MM`, in seconds.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        guard let sign = text.first else { return nil }
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return text.count == 1 ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let seconds = Self.clock((Array(text.dropFirst()) + Array(":00".utf8))[...], hourMax: 23)
        else { return nil }
        return sign == UInt8(ascii: "+") ? seconds : -seconds
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// Days since 1970 of a day of the Gregorian calendar: whole years of March to February, then the months of 153 days
    /// in five, then the day.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let years = month > 2 ? year : year - 1
        let months = (month + 9) % 12
        let leaps = years / 4 - years / 100 + years / 400
        return Int64(years * 365 + leaps + (months * 153 + 2) / 5 + day - 1 - 719_468)
    }
}
