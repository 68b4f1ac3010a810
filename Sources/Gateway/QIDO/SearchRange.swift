import Catalog
import CollimatorCore
import DICOMweb

/// A date, a time or a date-time, or a range of them, as a query writes it (PS3.4 §C.2.2.2.1, §C.2.2.2.5).
///
/// A single value is a range of itself: a time of a minute holds for all of that minute.
struct SearchRange: Hashable, Sendable {
    /// Open where nil; of both at least one is there.
    let from: String?
    let to: String?

    /// - Parameter vr: DA, TM or DT.
    /// - Throws: `invalid-input` for a text that is none, for days that never were, and for an end before the beginning.
    init(parsing text: String, as vr: VR) throws(CollimatorError) {
        let parts = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.contains(where: { !$0.isEmpty }) else {
            throw Self.malformed(vr)
        }
        let bounds = try parts.map { part throws(CollimatorError) -> String? in
            guard !part.isEmpty else { return nil }
            guard let bound = Self.bound(part, as: vr) else { throw Self.malformed(vr) }
            return bound
        }
        self.from = bounds[0]
        self.to = bounds[bounds.count - 1]
        // A less precise end holds for all that begins with it.
        guard let from, let to, from > to, !from.hasPrefix(to) else { return }
        throw CollimatorError(
            .invalidInput,
            "a range of a search ends before it begins",
            publicDetail: "A range of dates or times ends before it begins."
        )
    }

    /// One day is one value, for which there may be an index.
    func test(as vr: VR) -> AttributeMatch.Test {
        if vr == .DA, let from, from == self.to { return .anyOf([from]) }
        return .range(from: self.from, to: self.to)
    }

    private static func bound(_ text: Substring, as vr: VR) -> String? {
        switch vr {
        case .DA: text.utf8.count == 8 ? CalendarDate(dicom: text)?.dicom : nil
        case .TM: Self.clock(text)
        default: Self.moment(text)
        }
    }

    /// `HH[MM[SS[.FFFFFF]]]` without the zeros at the end of a fraction.
    private static func clock(_ text: Substring) -> String? {
        guard !text.utf8.contains(UInt8(ascii: ":")), ClockTime.iso(dicom: text) != nil else { return nil }
        guard text.utf8.contains(UInt8(ascii: ".")) else { return String(text) }
        var text = text
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }

    /// `YYYY[MM[DD[HH[MM[SS[.FFFFFF]]]]]]`; an offset from UTC is refused rather than passed over.
    private static func moment(_ text: Substring) -> String? {
        let day = text.prefix(8)
        switch day.utf8.count {
        case 4: return CalendarDate(dicom: "\(day)0101").map { _ in String(day) }
        case 6: return CalendarDate(dicom: "\(day)01").map { _ in String(day) }
        case 8:
            guard let date = CalendarDate(dicom: day) else { return nil }
            let rest = text.dropFirst(8)
            return rest.isEmpty ? date.dicom : Self.clock(rest).map { date.dicom + $0 }
        default: return nil
        }
    }

    private static func malformed(_ vr: VR) -> CollimatorError {
        let reason: StaticString = "a date or time of a search is none"
        return switch vr {
        case .DA:
            CollimatorError(
                .invalidInput,
                reason,
                publicDetail: "A date is YYYYMMDD, and a range of dates is two of them with a hyphen, or one end of it."
            )
        case .TM:
            CollimatorError(
                .invalidInput,
                reason,
                publicDetail: "A time is HHMMSS.FFFFFF or its beginning, and a range is two of them with a hyphen."
            )
        default:
            CollimatorError(
                .invalidInput,
                reason,
                publicDetail: """
                    A date-time is YYYYMMDDHHMMSS.FFFFFF or its beginning, without an offset from UTC, and a range is \
                    two of them with a hyphen.
                    """
            )
        }
    }
}
