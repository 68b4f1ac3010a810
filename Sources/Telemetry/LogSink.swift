internal import Logging

/// Where complete log lines go.
///
/// It holds nothing of its own.
package struct LogSink: Sendable {
    /// Writes one record.
    package var write: @Sendable (_ record: LogRecord) -> Void

    package init(write: @escaping @Sendable (_ record: LogRecord) -> Void) {
        self.write = write
    }

    /// One line of plain text for each record, for people at a terminal.
    package static func plainText(to output: LogOutput) -> LogSink {
        LogSink { record in
            var line = "\(LineFormat.clockTime(record.time)) \(LineFormat.name(of: record.level)) \(record.message)"
            for field in record.fields { line += " \(field.key)=\(field.value)" }
            if record.level >= .error { line += " at=\(record.place)" }
            output.write(Array((LineFormat.visible(line) + "\n").utf8))
        }
    }

    /// One JSON object on a line for each record, for machines.
    package static func jsonLines(to output: LogOutput) -> LogSink {
        LogSink { record in
            var line = "{\"time\":\(LineFormat.quoted(LineFormat.timestamp(record.time)))"
            line += ",\"level\":\(LineFormat.quoted(record.level.rawValue))"
            line += ",\"logger\":\(LineFormat.quoted(record.label))"
            line += ",\"message\":\(LineFormat.quoted(record.message))"
            line += ",\"place\":\(LineFormat.quoted(record.place))"
            // Fields are members of an object of their own: none can stand in for the members above.
            let members = record.fields.map { "\(LineFormat.quoted($0.key)):\(LineFormat.quoted($0.value))" }
            line += ",\"fields\":{\(members.joined(separator: ","))}}\n"
            output.write(Array(line.utf8))
        }
    }
}

/// Takes the bytes of whole lines.
package struct LogOutput: Sendable {
    /// Writes bytes that are one or more whole lines.
    package var write: @Sendable (_ bytes: [UInt8]) -> Void

    package init(write: @escaping @Sendable (_ bytes: [UInt8]) -> Void) {
        self.write = write
    }
}
