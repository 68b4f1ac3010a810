import Configuration
import Synchronization

/// Reads configuration values and collects what is wrong with them instead of falling back to defaults.
///
/// The plain getters of the library give the default where a value is there but cannot be used; the collector, which
/// sees every read, turns that into a fault that names the key and never the value.
struct CheckedReader: Sendable {
    private let reader: ConfigReader
    private let collector: FaultCollector

    init(providers: [any ConfigProvider]) {
        let collector = FaultCollector()
        self.collector = collector
        self.reader = ConfigReader(providers: providers, accessReporter: collector)
    }

    /// What was found wrong so far, each fault once and in order.
    var faults: [String] { self.collector.faults }

    func note(_ fault: String) {
        self.collector.note(fault)
    }

    /// A text; one that is there and empty is a fault.
    func string(_ key: String, isSecret: Bool = false) -> String? {
        guard let text = self.reader.string(forKey: ConfigKey(key), isSecret: isSecret) else { return nil }
        guard !text.isEmpty else {
            self.note("\(key) is empty.")
            return nil
        }
        return text
    }

    func strings(_ key: String) -> [String] {
        self.reader.stringArray(forKey: ConfigKey(key)) ?? []
    }

    func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        let number = self.reader.int(forKey: ConfigKey(key), default: standard)
        guard range.contains(number) else {
            self.note("\(key) must be from \(range.lowerBound) to \(range.upperBound).")
            return standard
        }
        return number
    }
}

/// Sees every read and keeps those that found a value which could not be used.
private final class FaultCollector: AccessReporter {
    private let noted = Mutex<[String]>([])

    var faults: [String] { self.noted.withLock { $0 } }

    func note(_ fault: String) {
        self.noted.withLock { noted in
            if !noted.contains(fault) { noted.append(fault) }
        }
    }

    func report(_ event: AccessEvent) {
        let hasFailure = event.providerResults.contains { result in
            if case .failure = result.result { true } else { false }
        }
        guard hasFailure || event.conversionError != nil else { return }
        self.note("\(event.metadata.key) is not usable as \(Self.name(event.metadata.valueType)).")
    }

    private static func name(_ type: ConfigType) -> String {
        switch type {
        case .int: "a whole number"
        case .string: "a text"
        case .stringArray: "a list of texts"
        default: type.rawValue
        }
    }
}
