internal import CollimatorCore
package import Logging

/// Decides what of a log event leaves the process.
///
/// A value marked `open` passes, one marked `personal` or `secret` becomes fixed text, and an unmarked one passes only
/// under a key that is listed here. Messages pass when they are written in one of our modules, where they are fixed
/// phrases; a library may write whole requests and errors into its messages.
package struct RedactionPolicy: Sendable {
    /// Keys of libraries whose values say nothing about a person.
    package var openKeys: Set<String>
    /// Modules whose messages are fixed text.
    package var modulesWithFixedMessages: Set<String>

    /// The longest value that is written, in characters; the rest is cut off.
    package static let valueLengthMax = 512
    /// How many values one line holds at most.
    package static let valuesMax = 48

    package static let personalText = "[personal]"
    package static let secretText = "[secret]"
    package static let unmarkedText = "[unmarked]"
    package static let withheldMessage = "message of a library, withheld"

    package init(openKeys: Set<String>, modulesWithFixedMessages: Set<String>) {
        self.openKeys = openKeys
        self.modulesWithFixedMessages = modulesWithFixedMessages
    }

    /// The policy of the running service.
    package static let standard = RedactionPolicy(
        openKeys: ["hb.request.id", "ahc-request-id", "ahc-connection-id", "sl-signal"],
        modulesWithFixedMessages: [
            "collimator", "CollimatorApp", "Gateway", "Webhooks", "Imaging", "Identity", "AccessControl", "Catalog",
            "Audit", "HealthcareAPI", "HealthcareEmulator", "EmulatorStorage", "PhantomStudies", "Archives",
            "DICOMFiles", "DICOMweb", "Persistence", "Cryptography", "ImageCodec", "Telemetry", "CollimatorCore",
            // Its messages are fixed; what varies is in its metadata.
            "ServiceLifecycle",
        ]
    )

    /// The message as it may be written.
    ///
    /// `file` is the `#fileID` of the place that logged.
    package func message(_ message: Logger.Message, from file: String) -> String {
        let module = file.prefix { $0 != "/" }
        guard self.modulesWithFixedMessages.contains(String(module)) else { return Self.withheldMessage }
        return message.description
    }

    /// The metadata as it may be written, in the order of the keys.
    package func fields(_ metadata: Logger.Metadata) -> [LogRecord.Field] {
        metadata.sorted { $0.key < $1.key }.prefix(Self.valuesMax).map { key, value in
            let text = self.text(of: value, isOpen: self.openKeys.contains(key))
            return LogRecord.Field(key: String(key.prefix(64)), value: String(text.prefix(Self.valueLengthMax)))
        }
    }

    /// What may be said of an error: its type, and of our own the parts that are fixed text.
    package func fields(_ error: any Error) -> [LogRecord.Field] {
        guard let error = error as? CollimatorError else {
            return [LogRecord.Field(key: "error.type", value: Self.typeName(error))]
        }
        var fields = [
            LogRecord.Field(key: "error.code", value: error.code.rawValue),
            LogRecord.Field(key: "error.reason", value: error.reason.description),
            LogRecord.Field(key: "error.place", value: "\(error.file):\(error.line)"),
        ]
        if let cause = error.cause {
            fields.append(LogRecord.Field(key: "error.cause.type", value: Self.typeName(cause)))
        }
        return fields
    }

    private static func typeName(_ error: any Error) -> String {
        String(String(reflecting: type(of: error)).prefix(Self.valueLengthMax))
    }

    private func text(of value: Logger.MetadataValue, isOpen: Bool) -> String {
        switch value {
        case .string(let text):
            return isOpen ? text : Self.unmarkedText
        case .stringConvertible(let content):
            // The description of what may not be shown is not even made.
            switch Sensitivity(strictestOf: value.attributes) {
            case .open: return content.description
            case .personal: return Self.personalText
            case .secret: return Self.secretText
            case nil: return isOpen ? content.description : Self.unmarkedText
            }
        case .array(let elements):
            let texts = elements.prefix(Self.valuesMax).map { self.text(of: $0, isOpen: isOpen) }
            return "[" + texts.joined(separator: ", ") + "]"
        case .dictionary(let members):
            // Names inside a value are data as often as not, so they are no more open than the key above them.
            guard isOpen else { return Self.unmarkedText }
            let texts = members.sorted { $0.key < $1.key }.prefix(Self.valuesMax)
                .map { "\($0.key): \(self.text(of: $0.value, isOpen: isOpen))" }
            return "{" + texts.joined(separator: ", ") + "}"
        }
    }
}
