/// A date, a time or both as DICOM writes them (PS3.5 §6.2: DA, TM, DT), made comparable.
///
/// Older files write `1997.04.24` and `10:20:30`; both are read. What is missing at the end leaves open which moment is
/// meant, so a value names all moments from ``first`` to ``last``. An offset from UTC is passed over: nothing shifts by
/// time zone, and values are compared by what they say.
package struct DateTimeText: Hashable, Sendable {
    /// The digits of the first moment that is meant, to the microsecond; these sort as the moments do.
    package let first: String
    /// The digits of the last moment, with nines where nothing is said.
    package let last: String
    /// The value in one form: digits, and a fraction without zeros at its end.
    package let canonical: String

    /// The value representation.
    package enum Kind: Hashable, Sendable {
        case date
        case time
        case dateTime

        /// How many digits a whole value has before the fraction.
        fileprivate var digits: Int {
            switch self {
            case .date: 8
            case .time: 6
            case .dateTime: 14
            }
        }

        /// How many digits a value may end after.
        fileprivate var lengths: [Int] {
            switch self {
            case .date: [4, 6, 8]
            case .time: [2, 4, 6]
            case .dateTime: [4, 6, 8, 10, 12, 14]
            }
        }
    }

    /// Digits of a fraction of a second that are compared; DICOM knows no more.
    private static let fractionDigits = 6

    /// Nil where the text is none; a month 13 or an hour 25 is one, and sorts where it says.
    package init?(_ text: some StringProtocol, _ kind: Kind) {
        var rest = String(text.filter { $0 != " " && $0 != "\0" })
        if kind == .dateTime { rest = Self.withoutOffset(rest) }
        var fraction = ""
        if kind != .date, let point = rest.firstIndex(of: "."),
            rest[..<point].filter({ $0 != ":" }).count == kind.digits
        {
            fraction = String(rest[rest.index(after: point)...])
            guard !fraction.isEmpty, fraction.utf8.allSatisfy(Self.isDigit) else { return nil }
            fraction = String(fraction.prefix(Self.fractionDigits))
            rest = String(rest[..<point])
        }
        let digits = rest.filter { kind == .date ? $0 != "." && $0 != "-" : $0 != ":" }
        guard kind.lengths.contains(digits.utf8.count), digits.utf8.allSatisfy(Self.isDigit) else { return nil }
        while fraction.last == "0" { fraction.removeLast() }
        self.canonical = fraction.isEmpty ? digits : "\(digits).\(fraction)"
        let said = digits + fraction
        let missing = kind.digits + (kind == .date ? 0 : Self.fractionDigits) - said.utf8.count
        self.first = said + String(repeating: "0", count: missing)
        self.last = said + String(repeating: "9", count: missing)
    }

    /// The value in one form, nil where it is none; the common case is not taken apart.
    static func canonical(_ text: String, _ kind: Kind) -> String? {
        if kind.lengths.contains(text.utf8.count), text.utf8.allSatisfy(Self.isDigit) { return text }
        return DateTimeText(text, kind)?.canonical
    }

    /// Whether the value begins within the range, which ends with the last moment that its end names; open where nil
    /// (PS3.4 §C.2.2.2.5).
    package func isWithin(from: DateTimeText?, to: DateTimeText?) -> Bool {
        (from.map { self.first >= $0.first } ?? true) && (to.map { self.first <= $0.last } ?? true)
    }

    /// `&ZZXX` at the end says how far the clock was from UTC.
    private static func withoutOffset(_ text: String) -> String {
        let suffix = text.suffix(5)
        guard suffix.utf8.count == 5, suffix.first == "+" || suffix.first == "-",
            suffix.dropFirst().utf8.allSatisfy(Self.isDigit)
        else { return text }
        return String(text.dropLast(5))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
