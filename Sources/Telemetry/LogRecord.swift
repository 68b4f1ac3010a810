package import FoundationEssentials
package import Logging

/// One complete line of the log, already redacted: a sink writes it and decides nothing.
package struct LogRecord: Sendable, Hashable {
    package var time: Date
    package var level: Logger.Level
    /// The label of the logger.
    package var label: String
    package var message: String
    /// In the order in which they are to be written.
    package var fields: [Field]
    /// The place that logged, such as `Gateway/Routes.swift:42`.
    package var place: String

    package init(
        time: Date,
        level: Logger.Level,
        label: String,
        message: String,
        fields: [Field],
        place: String
    ) {
        self.time = time
        self.level = level
        self.label = label
        self.message = message
        self.fields = fields
        self.place = place
    }

    /// A named value.
    package struct Field: Sendable, Hashable {
        package var key: String
        package var value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }
}
