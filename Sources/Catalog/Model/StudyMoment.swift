/// When a study was, as one number that sorts: `YYYYMMDDhhmmss`.
///
/// Dates are taken as they are written, with no time zone applied. A date that is only begun sorts at the beginning of
/// what it names; a study without a usable date has the moment 0 and sorts before all others.
package struct StudyMoment: Hashable, Sendable, Comparable {
    package let rawValue: Int64

    package static let unknown = StudyMoment(rawValue: 0)

    /// The numbers of one day are this far from those of the next.
    private static let perDay: Int64 = 1_000_000

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Reads a DICOM date (DA, also with the full stops of older files) and time (TM).
    package init(date: String?, time: String?) {
        guard let day = Self.day(date) else {
            self = .unknown
            return
        }
        self.rawValue = Int64(day) * Self.perDay + Int64(Self.clock(time))
    }

    /// The first moment of the day.
    package static func first(of day: Int) -> StudyMoment { StudyMoment(rawValue: Int64(day) * Self.perDay) }

    /// The last moment of the day.
    package static func last(of day: Int) -> StudyMoment {
        StudyMoment(rawValue: Int64(day) * Self.perDay + Self.perDay - 1)
    }

    package static func < (left: StudyMoment, right: StudyMoment) -> Bool { left.rawValue < right.rawValue }

    /// `YYYYMMDD` as a number; a year or a year and month alone are filled up with zeros.
    package static func day(_ text: String?) -> Int? {
        let full = UInt8(ascii: ".")
        let digits = (text ?? "").utf8.filter { $0 != full && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
        guard [4, 6, 8].contains(digits.count), let number = Self.number(digits) else { return nil }
        let day = number * (digits.count == 4 ? 10_000 : digits.count == 6 ? 100 : 1)
        return day > 0 ? day : nil
    }

    /// `hhmmss` as a number; what is missing or unusable is 0.
    private static func clock(_ text: String?) -> Int {
        let digits = (text ?? "").utf8.prefix { $0 != UInt8(ascii: ".") }
            .filter { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: " ") }
        guard [2, 4, 6].contains(digits.count), let number = Self.number(digits) else { return 0 }
        return number * (digits.count == 2 ? 10_000 : digits.count == 4 ? 100 : 1)
    }

    private static func number(_ digits: [UInt8]) -> Int? {
        var number = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
