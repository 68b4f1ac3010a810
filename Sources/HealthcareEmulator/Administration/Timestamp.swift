internal import FoundationEssentials

/// Times as Google's JSON has them (RFC 3339, UTC, with milliseconds).
enum Timestamp {
    static func text(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
