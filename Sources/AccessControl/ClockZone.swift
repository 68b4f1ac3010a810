internal import FoundationEssentials
internal import FoundationInternationalization

/// What clocks on a wall show: an offset from UTC for ever, or the time of a place, which has summers.
package enum ClockZone: Sendable, Hashable {
    case offset(minutes: Int)
    /// By its name in the IANA time zone database, such as `Europe/Zurich`.
    case named(NamedZone)

    package static let utc = ClockZone.offset(minutes: 0)

    /// `UTC`, `+HH:MM`, `-HH:MM` or the name of a place; nil for anything else.
    package init?(_ text: String) {
        if let minutes = ClockText.offset(text) {
            self = .offset(minutes: minutes)
        } else if let zone = NamedZone(text) {
            self = .named(zone)
        } else {
            return nil
        }
    }

    /// The one text of the zone.
    package var text: String {
        switch self {
        case .offset(let minutes): ClockText.text(offset: minutes)
        case .named(let zone): zone.name
        }
    }

    /// Minutes since midnight, as the clocks there show them.
    ///
    /// Where clocks are put forward some minutes of the day are shown never, and where they are put back some are shown
    /// twice: a period holds whenever they show it.
    func minuteOfDay(at timeSeconds: Int64) -> Int {
        let offset: Int64 =
            switch self {
            case .offset(let minutes): Int64(minutes) * 60
            case .named(let zone): zone.offsetSeconds(at: timeSeconds)
            }
        let (seconds, overflow) = timeSeconds.addingReportingOverflow(offset)
        let second = (overflow ? timeSeconds : seconds) % 86_400
        return Int(second < 0 ? second + 86_400 : second) / 60
    }
}

/// The time of a place, by its name in the IANA time zone database.
package struct NamedZone: Sendable, Hashable {
    package let name: String
    private let zone: TimeZone

    /// The longest name, in bytes.
    package static let nameBytesMax = 64

    /// Nil where the database knows no place of that name.
    package init?(_ name: String) {
        // Names without a slash are offsets, abbreviations of many meanings, or aliases.
        guard (3...Self.nameBytesMax).contains(name.utf8.count), name.utf8.contains(UInt8(ascii: "/")),
            let zone = TimeZone(identifier: name), zone.identifier == name
        else { return nil }
        self.name = name
        self.zone = zone
    }

    func offsetSeconds(at timeSeconds: Int64) -> Int64 {
        Int64(self.zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(timeSeconds))))
    }

    package static func == (left: NamedZone, right: NamedZone) -> Bool { left.name == right.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.name) }
}
