import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite("log lines")
struct LogSinkTests {
    private static let record = LogRecord(
        time: Date(timeIntervalSince1970: 1_767_225_600.25),
        level: .warning,
        label: "gateway",
        message: "answered",
        fields: [
            LogRecord.Field(key: "status", value: "200"),
            LogRecord.Field(key: "text", value: "a\nFAKE \"line\"\u{1B}[31m\u{202E}\u{2028}é"),
            LogRecord.Field(key: "level", value: "trace"),
        ],
        place: "Gateway/Routes.swift:42"
    )

    private func line(_ sink: (LogOutput) -> LogSink) -> String {
        let collected = Collected()
        sink(LogOutput { bytes in collected.bytes.withLock { $0 += bytes } }).write(Self.record)
        return String(decoding: collected.bytes.withLock { $0 }, as: UTF8.self)
    }

    @Test("plain text is one line, with what a terminal would act on escaped")
    func plainText() {
        let text = self.line(LogSink.plainText(to:))

        #expect(text.hasPrefix("00:00:00.250Z WARN  answered status=200 text=a\\u{a}FAKE \"line\"\\u{1b}[31m\\u{202e}"))
        #expect(text.hasSuffix("\\u{2028}é level=trace\n"))
        #expect(text.filter(\.isNewline).count == 1)
    }

    @Test("a JSON line is one object whose fields cannot stand in for its own members")
    func jsonLine() throws {
        let text = self.line(LogSink.jsonLines(to:))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let fields = try #require(object["fields"] as? [String: String])

        #expect(text.filter(\.isNewline).count == 1)
        #expect(object["time"] as? String == "2026-01-01T00:00:00.250Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["message"] as? String == "answered")
        #expect(object["logger"] as? String == "gateway")
        #expect(object["place"] as? String == "Gateway/Routes.swift:42")
        #expect(fields["text"] == "a\nFAKE \"line\"\u{1B}[31m\u{202E}\u{2028}é")
        #expect(fields["level"] == "trace")
        #expect(!text.contains("\u{202E}"))
    }

    private final class Collected: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }
}
