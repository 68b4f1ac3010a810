/// A day of the calendar, as DICOM writes it (PS3.5 §6.2, DA) and as JSON shows it.
struct CalendarDate: Hashable, Sendable {
    private let year: Int
    private let month: Int
    private let day: Int

    /// `YYYYMMDD`, or the old `YYYY.MM.DD` of ACR-NEMA; nil for a day that never was.
    init?(dicom text: some StringProtocol) {
        let digits = text.utf8.count == 10 ? text.split(separator: ".").joined() : String(text)
        guard digits.utf8.count == 8, let number = Self.number(digits) else { return nil }
        self.init(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }

    /// `YYYY-MM-DD`; nil for anything else and for a day that never was.
    init?(iso text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], let year = Self.number(parts[0]), let month = Self.number(parts[1]),
            let day = Self.number(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// `YYYYMMDD`.
    var dicom: String { self.padded(separator: "") }

    /// `YYYY-MM-DD`.
    var iso: String { self.padded(separator: "-") }

    private init?(year: Int, month: Int, day: Int) {
        guard year >= 1000, (1...12).contains(month) else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...days[month - 1]).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    private func padded(separator: String) -> String {
        [String(self.year), Self.two(self.month), Self.two(self.day)].joined(separator: separator)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}

/// A time of day as DICOM writes it (PS3.5 §6.2, TM), shown as it is and never converted.
enum ClockTime {
    /// `HH[MM[SS[.FFFFFF]]]` as `HH:MM[:SS[.FFFFFF]]`; nil where it is none.
    ///
    /// A zero fraction is left out.
    static func iso(dicom text: some StringProtocol) -> String? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0].split(separator: ":").joined()
        guard [2, 4, 6].contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        var fields = stride(from: 0, to: digits.utf8.count, by: 2).map { start in
            String(digits.dropFirst(start).prefix(2))
        }
        guard fields[0] <= "23", fields.dropFirst().allSatisfy({ $0 <= "60" }) else { return nil }
        if fields.count == 1 { fields.append("00") }
        guard parts.count == 2 else { return fields.joined(separator: ":") }
        let fraction = parts[1]
        guard fields.count == 3, (1...6).contains(fraction.utf8.count),
            fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let isZero = fraction.utf8.allSatisfy { $0 == 0x30 }
        return fields.joined(separator: ":") + (isZero ? "" : ".\(fraction)")
    }
}
