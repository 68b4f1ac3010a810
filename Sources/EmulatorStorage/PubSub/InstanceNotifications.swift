internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
internal import Persistence

/// Publishes what becomes of the instances of DICOM stores to the topics that the stores name.
///
/// It is part of the transaction that changes the instances: no instance is stored without its message, and none is
/// told of that was not stored. A topic that does not exist loses its messages, as the upstream logs and loses them.
struct InstanceNotifications {
    private let publication: Publication
    private var targets: [Int64: Targets] = [:]
    private var waiting: [Int64: [OutgoingMessage]] = [:]

    init(connection: any SQLConnection, now: Date) {
        self.publication = Publication(connection: connection, nowMicroseconds: now.microseconds)
    }

    /// Where a store's messages go: the older form of configuration gets no attributes and is not told of deletions.
    private struct Targets {
        var plain: [Int64] = []
        var full: [Int64] = []
    }

    /// What happened, by the name that the upstream gives it.
    enum Action: String {
        case storeInstances = "StoreInstances"
        case deleteInstances = "DeleteInstances"
    }

    /// An instance as the messages name it.
    struct Subject {
        let study: String
        let series: String
        let instance: String
        let modality: String?
    }

    /// Whether anybody is told of what happens in the store.
    mutating func isOn(_ action: Action, store: Int64) throws -> Bool {
        let targets = try self.targets(of: store)
        return !targets.full.isEmpty || (action == .storeInstances && !targets.plain.isEmpty)
    }

    /// Notes what happened; ``finish()`` publishes it.
    mutating func add(_ action: Action, _ subject: Subject, store: Int64, _ name: DICOMStoreName) throws {
        let targets = try self.targets(of: store)
        let path = """
            \(name)/dicomWeb/studies/\(subject.study)/series/\(subject.series)/instances/\(subject.instance)
            """
        let data = Array(path.utf8)
        if action == .storeInstances {
            for topic in targets.plain { self.waiting[topic, default: []].append(OutgoingMessage(data: data)) }
        }
        guard !targets.full.isEmpty else { return }
        let message = OutgoingMessage(data: data, attributes: self.attributes(action, subject, name))
        for topic in targets.full { self.waiting[topic, default: []].append(message) }
    }

    /// Publishes everything that was noted; the last call.
    mutating func finish() throws {
        for (topic, messages) in self.waiting.sorted(by: { $0.key < $1.key }) {
            try self.publication.publish(messages, to: topic)
        }
        self.waiting = [:]
    }

    private mutating func targets(of store: Int64) throws -> Targets {
        if let known = self.targets[store] { return known }
        let row = try self.publication.connection.queryOne(
            "SELECT body FROM dicomStore WHERE id = ?1",
            [.integer(store)]
        )
        let body = try row.flatMap { StrictJSON(parsing: try $0.blob(0)) }
        var targets = Targets()
        if let topic = try self.topic(body?["notificationConfig"]) { targets.plain.append(topic) }
        for configuration in body?["notificationConfigs"]?.elements ?? [] {
            if let topic = try self.topic(configuration) { targets.full.append(topic) }
        }
        self.targets[store] = targets
        return targets
    }

    private func topic(_ configuration: StrictJSON?) throws -> Int64? {
        guard let text = configuration?["pubsubTopic"]?.text, let name = PubSubName(topic: text) else { return nil }
        return try self.publication.topic(name)
    }

    private func attributes(_ action: Action, _ subject: Subject, _ name: DICOMStoreName) -> [UInt8] {
        let microseconds = self.publication.nowMicroseconds
        var members = [
            ("action", action.rawValue),
            ("lastUpdatedTime", RFC1123.text(seconds: microseconds / 1_000_000)),
            ("seriesInstanceUID", subject.series),
            ("sopInstanceUID", subject.instance),
            ("storageClass", "STANDARD"),
            ("storeName", name.description),
            ("studyInstanceUID", subject.study),
            ("versionId", Base64URL.encode(Array("\(microseconds)000".utf8))),
        ]
        if let modality = subject.modality { members.append(("modality", modality)) }
        let text = members.map { "\(StrictJSON.quoted($0.0)):\(StrictJSON.quoted($0.1))" }.joined(separator: ",")
        return Array("{\(text)}".utf8)
    }
}

/// Times as the upstream writes them in the attributes of its messages: `Mon, 01 Jan 2020 00:00:00 UTC`.
enum RFC1123 {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The text of a time that lies so many seconds, none of them negative, after the beginning of 1970.
    static func text(seconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        let digits = Array(date.utf8).map { String(UnicodeScalar($0)) }
        let (year, month, day) = (digits[0..<4].joined(), Int(digits[5..<7].joined()) ?? 1, digits[8..<10].joined())
        let weekday = Self.days[Int(seconds / 86_400 % 7)]
        return "\(weekday), \(day) \(Self.months[month - 1]) \(year) \(digits[11..<19].joined()) UTC"
    }
}
