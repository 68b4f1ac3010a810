internal import FoundationEssentials
internal import Logging

/// How parts of a log line are written as text.
enum LineFormat {
    /// Date and time in UTC with milliseconds (RFC 3339).
    static func timestamp(_ time: Date) -> String {
        time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// The time of day in UTC, for a reader who knows the date.
    static func clockTime(_ time: Date) -> String {
        String(self.timestamp(time).dropFirst(11))
    }

    /// The level in capitals, five characters wide, so that messages line up.
    static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTE "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "CRIT "
        }
    }

    /// The text with everything escaped that a terminal would act on or that would begin a new line.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: Self.isInvisible) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if Self.isInvisible(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The text as a JSON string (RFC 8259 §7).
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default:
                if Self.isInvisible(scalar) {
                    for unit in String(scalar).utf16 {
                        let digits = String(unit, radix: 16)
                        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    }
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// Controls, separators of lines, and the marks that turn the direction of writing.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x20 { return true }
        if scalar.value < 0x7F { return false }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }
}
