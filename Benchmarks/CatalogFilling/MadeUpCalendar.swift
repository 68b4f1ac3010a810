/// The days on which studies are made: ten years, few on a weekend, every thirteenth week twice as busy as the others.
struct MadeUpCalendar {
    /// How many of all studies were made until the end of each day, as a fraction that ends at 1.
    private let until: [Double]

    private static let firstYear = 2016
    private static let yearCount = 10
    /// The first of January 2016 was a Friday; Monday is 0.
    private static let firstWeekday = 4
    private static let byWeekday = [1.1, 1.1, 1.05, 1.05, 1.0, 0.3, 0.2]
    /// Every year has so much more than the one before.
    private static let growth = 1.05
    private static let busyWeekEvery = 13
    private static let busyWeek = 2.0

    init(seed: UInt64) {
        var sum = 0.0
        var sums: [Double] = []
        for day in 0..<Self.dayCount {
            let week = (day + Self.firstWeekday) / 7
            var chance = Chance(seed: seed, .calendar, week)
            var weight = Self.byWeekday[(day + Self.firstWeekday) % 7] * (0.85 + 0.3 * chance.fraction())
            if week % Self.busyWeekEvery == 5 { weight *= Self.busyWeek }
            for _ in 0..<(day / 365) { weight *= Self.growth }
            sum += weight
            sums.append(sum)
        }
        self.until = sums.map { $0 / sum }
    }

    /// The day, `YYYYMMDD`, of a study that stands so far along among all of them, 0 to 1.
    func day(at position: Double) -> String {
        var low = 0
        var high = self.until.count - 1
        while low < high {
            let middle = (low + high) / 2
            if self.until[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return Self.text(of: low)
    }

    private static let dayCount = (0..<yearCount).reduce(0) { $0 + Self.days(in: firstYear + $1) }

    private static func days(in year: Int) -> Int { year.isMultiple(of: 4) ? 366 : 365 }

    private static func text(of day: Int) -> String {
        var year = Self.firstYear
        var left = day
        while left >= Self.days(in: year) {
            left -= Self.days(in: year)
            year += 1
        }
        let february = year.isMultiple(of: 4) ? 29 : 28
        for (month, length) in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
            if left < length { return Digits.text(year * 10_000 + (month + 1) * 100 + left + 1, 8) }
            left -= length
        }
        return "\(year)1231"
    }
}

/// Numbers with zeros before them.
enum Digits {
    static func text(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
