import Testing

@testable import Gateway

@Suite("RFC3339")
struct RFC3339Tests {
    @Test(
        "reads times with their offsets",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T23:59:59.5Z", -500),
            ("2026-09-21T14:13:20Z", 1_790_000_000_000), ("2026-09-21t14:13:20.123456z", 1_790_000_000_123),
            ("2024-02-29T12:00:00-05:30", 1_709_227_800_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] as [(String, Int64)]
    )
    func reading(text: String, expected: Int64) {
        #expect(RFC3339.milliseconds(text) == expected)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "2026-01-05", "2026-01-05T10:00:00", "2026-01-05 10:00:00Z", "2026-02-30T10:00:00Z",
            "2026-01-05T24:00:00Z", "2026-01-05T10:60:00Z", "2026-01-05T10:00:61Z", "2026-01-05T10:00:00.Z",
            "2026-01-05T10:00:00+0200", "2026-01-05T10:00:00+24:00", "2026-01-05T10:00:00ZZ", "2026-01-05T1:00:000Z",
            "20260105T100000Z", "2026-01-05T10:00:00.5é",
        ]
    )
    func refusing(text: String) {
        #expect(RFC3339.milliseconds(text) == nil)
    }

    @Test(
        "writes to the second, in UTC",
        arguments: [
            (1_790_000_000_999, "2026-09-21T14:13:20Z"), (-1, "1969-12-31T23:59:59Z"), (0, "1970-01-01T00:00:00Z"),
            (951_782_399_000, "2000-02-28T23:59:59Z"), (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"), (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)]
    )
    func writing(milliseconds: Int64, expected: String) {
        #expect(RFC3339.text(milliseconds: milliseconds) == expected)
    }
}
