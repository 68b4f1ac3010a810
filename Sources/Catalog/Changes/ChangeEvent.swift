package import CollimatorCore
package import DICOMweb
internal import Persistence

/// One row of the change feed: something became otherwise, and was written down together with what changed.
package struct ChangeEvent: Hashable, Sendable {
    /// Its number: every later event has a larger one, and none is ever written with a smaller one.
    package let sequence: Int64
    package let type: Kind
    /// Nil where it is about no store.
    package let store: StoreName?
    /// Nil where it is about no study.
    package let study: StudyUID?
    /// Nil where it is about no series.
    package let series: SeriesUID?
    /// What else it is about, such as the name of an operation; empty where nothing.
    package let subject: String
    package let origin: StudyChangeNotice.Origin
    /// When it was written down, in milliseconds since 1970.
    package let milliseconds: Int64
    /// How often the study has come to rest; nil for other events.
    package let revision: Int?
    /// Nil where it is not about instances, or nobody has counted them.
    package let instanceCount: Int?
    package let changed: [Part]
    /// The study as it was then, by what rules and apps ask for; of a deleted study it is all that is left.
    package let attributes: DataSet
    /// What the study was before, by what rules ask for, where that changed; nil otherwise.
    package let previous: DataSet?

    /// What happened.
    package enum Kind: String, Sendable, CaseIterable {
        case studyCreated = "study.created"
        case studyUpdated = "study.updated"
        case seriesStored = "series.stored"
        case studyStable = "study.stable"
        case studyDeleted = "study.deleted"
        /// Somebody who was told of the study may see it no more; `subject` says who, and it is for nobody else.
        case studyRemoved = "study.removed"
        case operationFinished = "operation.finished"
        case webhookDisabled = "webhook.disabled"
        /// Somebody looked at the study, or changed it, for an emergency; `subject` says who, and it is for those who may read
        /// the audit.
        case accessEmergency = "access.emergency"
    }

    /// What of a study became otherwise.
    package enum Part: String, Sendable, CaseIterable {
        case attributes
        case series
        case instances
    }

    /// The columns that the initialiser reads.
    static let columns =
        "sequence, type, store, study, series, subject, origin, time, revision, instanceCount, changed, attributes, "
        + "previous"

    init(row: SQLRow) throws {
        guard let type = Kind(rawValue: try row.text(1)),
            let origin = StudyChangeNotice.Origin(rawValue: Int(try row.integer(6)))
        else { throw CollimatorError(.internalError, "a row of the change feed is not one of ours") }
        self.sequence = try row.integer(0)
        self.type = type
        self.store = try row.textIfPresent(2).flatMap { StoreName($0) }
        self.study = try row.textIfPresent(3).flatMap { StudyUID($0) }
        self.series = try row.textIfPresent(4).flatMap { SeriesUID($0) }
        self.subject = try row.text(5)
        self.origin = origin
        self.milliseconds = try row.integer(7)
        self.revision = try row.integerIfPresent(8).map(Int.init)
        self.instanceCount = try row.integerIfPresent(9).map(Int.init)
        self.changed = Self.parts(try row.text(10))
        let attributes = try row.blob(11)
        self.attributes = attributes.isEmpty ? DataSet() : try DICOMJSON.dataSet(from: attributes)
        self.previous = try row.blobIfPresent(12).map { try DICOMJSON.dataSet(from: $0) }
    }

    private init(_ event: ChangeEvent, for subject: String) {
        self.sequence = event.sequence
        self.type = .studyRemoved
        self.store = event.store
        self.study = event.study
        self.series = nil
        self.subject = subject
        self.origin = event.origin
        self.milliseconds = event.milliseconds
        self.revision = nil
        self.instanceCount = nil
        self.changed = []
        self.attributes = DataSet()
        self.previous = nil
    }

    /// The event as it is for somebody who could see the study before the change and cannot any more: that it is gone
    /// from their view, and nothing else.
    package func removal(for principal: Principal) -> ChangeEvent { ChangeEvent(self, for: principal.description) }

    /// Parts in the form of a column.
    static func text(_ parts: some Sequence<Part>) -> String {
        Set(parts).map(\.rawValue).sorted().joined(separator: ",")
    }

    /// Parts as a column has them.
    static func parts(_ text: String) -> [Part] {
        text.split(separator: ",").compactMap { Part(rawValue: String($0)) }
    }

    /// What of a study is kept with an event.
    static func kept(of entry: DataSet, modalities: [String]?) -> DataSet {
        var kept = DataSet()
        for tag in Self.keptTags { kept[tag] = entry[tag] }
        if let modalities, !modalities.isEmpty {
            kept.set(.modalitiesInStudy, values: modalities.map { .string($0) })
        }
        return kept
    }

    private static let keptTags: [Tag] = [
        .accessionNumber, .patientName, .patientID, .issuerOfPatientID, .patientBirthDate, .patientSex, .studyDate,
        .studyTime, .studyDescription, .referringPhysicianName, .institutionName,
    ]
}
