import Testing

@testable import AccessControl

@Suite("the time of day in a zone")
struct ClockZoneTests {
    private static func hours(_ from: Int, _ to: Int, _ zone: String) throws -> RequestCondition.TimeOfDay {
        RequestCondition.TimeOfDay(fromMinute: from, toMinute: to, zone: try #require(ClockZone(zone)))
    }

    /// 2026-03-29 00:00 UTC; clocks in Zürich go from 02:00 to 03:00 at 01:00 UTC.
    private static let spring: Int64 = 1_774_742_400
    /// 2026-10-25 00:00 UTC; clocks in Zürich go from 03:00 to 02:00 at 01:00 UTC.
    private static let autumn: Int64 = 1_792_886_400

    @Test("follows the summer time of a place, which an offset does not")
    func seasons() throws {
        let place = try Self.hours(7 * 60, 8 * 60, "Europe/Zurich")
        let winter = try Self.hours(7 * 60, 8 * 60, "+01:00")
        let day: Int64 = 86_400
        // 06:30 UTC is half past seven in winter, 05:30 UTC in summer.
        for (instant, inPlace, inWinter) in [
            (Self.spring - day + 23_400, true, true), (Self.spring - day + 19_800, false, false),
            (Self.spring + day + 23_400, false, true), (Self.spring + day + 19_800, true, false),
            (Self.autumn - day + 19_800, true, false), (Self.autumn + day + 23_400, true, true),
        ] {
            #expect(place.contains(instant) == inPlace, "\(instant)")
            #expect(winter.contains(instant) == inWinter, "\(instant)")
        }
    }

    @Test("an hour that is left out holds never, and one that comes twice holds twice")
    func switches() throws {
        let hour = try Self.hours(2 * 60, 3 * 60, "Europe/Zurich")
        let held = { (day: Int64) in (0..<48).filter { hour.contains(day - 43_200 + Int64($0) * 1_800) }.count }
        #expect(held(Self.spring) == 0)
        #expect(held(Self.autumn) == 4)
        #expect(held(Self.spring + 2 * 86_400) == 2)
        #expect(try Self.hours(3 * 60, 4 * 60, "Europe/Zurich").contains(Self.spring + 3_600))
    }

    @Test("a night over the switch is one night")
    func night() throws {
        let night = try Self.hours(22 * 60, 6 * 60, "America/New_York")
        // 2026-03-08: clocks in New York go from 02:00 to 03:00 at 07:00 UTC.
        let midnight: Int64 = 1_772_946_000
        let minutes = (0..<1_440).filter { night.contains(midnight - 43_200 + Int64($0) * 60) }.count
        #expect(minutes == 7 * 60)
    }

    @Test("before 1970 too, and at the ends of time", arguments: ["UTC", "-14:00", "Asia/Kathmandu"])
    func extremes(zone: String) throws {
        let zone = try #require(ClockZone(zone))
        for instant in [Int64.min, -86_399, -1, 0, Int64.max] {
            #expect((0..<1_440).contains(zone.minuteOfDay(at: instant)))
        }
        #expect(ClockZone(zone.text) == zone)
    }

    @Test(
        "is one that the database knows, spelled as it spells it",
        arguments: [
            ("Europe/Zurich", true), ("America/Argentina/Buenos_Aires", true), ("UTC", true), ("+05:45", true),
            ("Europe/zurich", false), ("Europe/Nowhere", false), ("CET", false), ("GMT+2", false), ("", false),
            ("../etc/passwd", false), ("Europe/", false), ("+15:00", false),
        ]
    )
    func names(text: String, isZone: Bool) {
        #expect((ClockZone(text) != nil) == isZone)
    }
}
