internal import CollimatorCore
internal import DICOMweb
internal import FoundationEssentials

/// How much of a study an event says to whom it is sent.
package enum EventDataPolicy: String, Sendable, CaseIterable, Codable {
    /// Names of things alone; whoever wants more asks for it, and the answer is decided then.
    case uids
    /// The accession number too, with the date and the modalities.
    case orders
    /// The patient too.
    case demographics
}

extension ChangeEvent {
    /// The event in JSON, with the attributes of CloudEvents 1.0 (JSON event format §3).
    ///
    /// `beginning` is that of the feed it was read from; the id is the same whenever and to whomever it is given.
    package func cloudEvent(_ policy: EventDataPolicy, beginning: Int64) throws -> [UInt8] {
        let event = CloudEvent(
            id: self.id(beginning: beginning),
            source: self.store.map { "/api/v1/stores/\($0)" } ?? "/api/v1",
            type: self.type.rawValue,
            subject: self.subjectText,
            time: EventTime.text(milliseconds: self.milliseconds),
            sequence: EventTime.padded(self.sequence),
            data: self.data(policy)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(event))
        } catch {
            throw CollimatorError(.internalError, "an event could not be written as JSON", cause: error)
        }
    }

    /// The id of the event: whoever gets it twice knows it by this.
    package func id(beginning: Int64) -> String { "evt_\(String(beginning, radix: 36))_\(self.sequence)" }

    private var subjectText: String? {
        guard let study else { return self.subject.isEmpty ? nil : self.subject }
        return self.series.map { "studies/\(study)/series/\($0)" } ?? "studies/\(study)"
    }

    private func data(_ policy: EventDataPolicy) -> CloudEvent.Payload {
        var data = CloudEvent.Payload(origin: self.originText)
        data.store = self.store?.rawValue
        data.study = self.study?.rawValue
        data.series = self.series?.rawValue
        data.revision = self.revision
        data.instanceCount = self.instanceCount
        if self.type == .studyUpdated || self.type == .studyStable { data.changed = self.changed.map(\.rawValue) }
        if self.type == .accessEmergency { data.principal = self.subject }
        switch self.type {
        case .studyDeleted, .studyRemoved, .webhookDisabled: break
        case .operationFinished: data.links = ["operation": "/api/v1/operations/\(self.subject)"]
        case .studyCreated, .studyUpdated, .seriesStored, .studyStable, .accessEmergency:
            if let store, let study { data.links = ["study": "/api/v1/stores/\(store)/studies/\(study)"] }
        }
        guard policy != .uids, self.study != nil, self.type != .studyRemoved, self.type != .accessEmergency else {
            return data
        }
        data.accessionNumber = self.attributes.string(.accessionNumber)
        data.studyDate = self.attributes.string(.studyDate)
        data.modalities = self.attributes.strings(.modalitiesInStudy)
        guard policy == .demographics else { return data }
        let name = self.attributes.personName(.patientName)
        data.patient = CloudEvent.Patient(
            id: self.attributes.string(.patientID),
            issuer: self.attributes.string(.issuerOfPatientID),
            name: name?.alphabetic ?? name?.ideographic ?? name?.phonetic,
            birthDate: self.attributes.string(.patientBirthDate),
            sex: self.attributes.string(.patientSex)
        )
        return data
    }

    private var originText: String {
        switch self.origin {
        case .reconciled: "reconciled"
        case .noticed: "noticed"
        case .written: "written"
        }
    }
}

/// The JSON of an event.
private struct CloudEvent: Encodable {
    let specversion = "1.0"
    let datacontenttype = "application/json"
    let id: String
    let source: String
    let type: String
    let subject: String?
    let time: String
    /// In an order of text that is that of the numbers (the extension of this name).
    let sequence: String
    let data: Payload

    struct Payload: Encodable {
        let origin: String
        var store: String?
        var study: String?
        var series: String?
        var principal: String?
        var revision: Int?
        var instanceCount: Int?
        var changed: [String]?
        var links: [String: String]?
        var accessionNumber: String?
        var studyDate: String?
        var modalities: [String]?
        var patient: Patient?

        init(origin: String) { self.origin = origin }
    }

    struct Patient: Encodable {
        let id: String?
        let issuer: String?
        let name: String?
        let birthDate: String?
        let sex: String?
    }
}

/// How times and numbers of events are written.
enum EventTime {
    /// The time in UTC, to the millisecond.
    static func text(milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// As long as the largest number.
    static func padded(_ number: Int64) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 19 - text.count)) + text
    }
}

extension ChangeFeed.Position {
    /// The position as clients keep it.
    package var text: String { "\(String(self.beginning, radix: 36))-\(self.sequence)" }

    /// Nil for a text that is no position.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, parts.count == 2,
            let beginning = Int64(parts[0], radix: 36), let sequence = Int64(parts[1]), beginning >= 0, sequence >= 0
        else { return nil }
        self.init(beginning: beginning, sequence: sequence)
        guard self.text == text else { return nil }
    }
}
