import Catalog
import CollimatorCore
import DICOMweb

/// The JSON of a study, made of what the catalog knows of it.
///
/// What is not known is `null`: a count that nobody counted is never 0, and a date that never was is `null` with the
/// text as it came beside it in `raw`.
enum StudyBody {
    /// What stands in it only where it was asked for.
    struct Parts: Sendable {
        /// Nil where nobody has looked.
        var series: [SeriesEntry]?
        var instances: [DataSet]?
        var listsSeries = false
        var listsInstances = false
    }

    static func json(_ study: CatalogStudy, parts: Parts = Parts()) -> JSONValue {
        let address = StudyAddress(store: study.store, study: study.study)
        let attributes = study.attributes
        let date = RawDate(attributes.string(.studyDate), parse: { CalendarDate(dicom: $0)?.iso })
        let time = RawDate(attributes.string(.studyTime), parse: { ClockTime.iso(dicom: $0) })
        let raw = RawDate.member([("date", date), ("time", time)])
        return .object(
            Self.members(study, attributes, date: date, time: time) + Self.counts(study, parts: parts) + raw
                + Self.series(parts, at: address) + [("links", Self.links(address))]
        )
    }

    private static func members(
        _ study: CatalogStudy,
        _ attributes: DataSet,
        date: RawDate,
        time: RawDate
    ) -> [(String, JSONValue)] {
        [
            ("key", .string("\(study.store)/\(study.study)")),
            ("uid", .string(study.study.rawValue)),
            ("store", .string(study.store.rawValue)),
            ("patient", PatientBody.json(attributes)),
            ("date", .text(date.value)),
            ("time", .text(time.value)),
            ("timezoneOffset", .text(attributes.text(.timezoneOffsetFromUTC))),
            ("description", .text(attributes.text(.studyDescription))),
            ("accessionNumber", .text(attributes.text(.accessionNumber))),
            ("referringPhysician", PersonBody.json(attributes.personName(.referringPhysicianName))),
        ]
    }

    private static func counts(_ study: CatalogStudy, parts: Parts) -> [(String, JSONValue)] {
        [
            ("modalities", study.modalities.map { .array($0.map(JSONValue.string)) } ?? .null),
            ("seriesCount", .number(study.seriesCount)),
            ("instanceCount", .number(parts.instances?.count ?? study.instanceCount)),
            ("scope", .string(study.visibleSeries == nil ? "study" : "series")),
            ("updatedAt", .string(RFC3339.text(milliseconds: study.updatedAtMilliseconds))),
        ]
    }

    private static func series(_ parts: Parts, at address: StudyAddress) -> [(String, JSONValue)] {
        guard parts.listsSeries else { return [] }
        guard let series = parts.series else { return [("series", .null)] }
        let list = SeriesBody.list(
            series.map(\.described),
            instances: parts.instances,
            at: address,
            listsInstances: parts.listsInstances
        )
        return [("series", .array(list))]
    }

    private static func links(_ address: StudyAddress) -> JSONValue {
        let path = address.path
        return .object([
            ("self", .string(path)),
            ("series", .string("\(path)/series")),
            ("instances", .string("\(path)/instances")),
            ("priors", .string("\(path)/priors")),
            ("metadata", .string("\(path)/metadata")),
            ("archive", .string("\(path)/archive")),
            ("thumbnail", .string("\(path)/thumbnail")),
            ("dicomweb", .string(address.dicomwebPath)),
            ("ohif", .string("\(path)/ohif")),
        ])
    }
}

extension SeriesEntry {
    /// Its attributes with what the catalog has counted.
    var described: DataSet {
        var set = self.attributes
        set.set(.seriesInstanceUID, self.series.rawValue)
        if let instanceCount { set.set(.numberOfSeriesRelatedInstances, instanceCount) }
        return set
    }
}

/// The JSON of a patient, as a study names one.
enum PatientBody {
    static func json(_ study: DataSet) -> JSONValue {
        let birthDate = RawDate(study.string(.patientBirthDate), parse: { CalendarDate(dicom: $0)?.iso })
        return .object(
            [
                ("id", .text(study.text(.patientID))),
                ("issuer", .text(study.text(.issuerOfPatientID))),
                ("name", PersonBody.json(study.personName(.patientName))),
                ("birthDate", .text(birthDate.value)),
                ("sex", .text(study.text(.patientSex))),
            ] + RawDate.member([("birthDate", birthDate)])
        )
    }
}

/// The JSON of a person's name.
enum PersonBody {
    /// `null` where there is no name; `display` is the alphabetic form, else the ideographic, else the phonetic one.
    static func json(_ name: PersonName?) -> JSONValue {
        guard let name, let display = display(name.alphabetic) ?? display(name.ideographic) ?? display(name.phonetic)
        else { return .null }
        let parts = components(name.alphabetic)
        return .object([
            ("display", .string(display)),
            ("family", .text(parts.family)),
            ("given", .text(parts.given)),
            ("ideographic", .text(self.display(name.ideographic))),
            ("phonetic", .text(self.display(name.phonetic))),
        ])
    }

    /// `Family, Given Middle`, with prefix and suffix left to those who read the components.
    private static func display(_ group: String?) -> String? {
        let parts = components(group)
        let names = [parts.family, [parts.given, parts.middle].compactMap { $0 }.joined(separator: " ")]
            .compactMap { $0 }.filter { !$0.isEmpty }
        return names.isEmpty ? nil : names.joined(separator: ", ")
    }

    private static func components(_ group: String?) -> (family: String?, given: String?, middle: String?) {
        let parts = (group ?? "").split(separator: "^", omittingEmptySubsequences: false)
        func part(_ index: Int) -> String? {
            guard index < parts.count else { return nil }
            let text = trimmed(parts[index])
            return text.isEmpty ? nil : text
        }
        return (part(0), part(1), part(2))
    }
}

/// A date or time as it was meant, and as it came where that is impossible.
struct RawDate {
    let value: String?
    private let raw: String?

    init(_ text: String?, parse: (String) -> String?) {
        let text = text.map { trimmed($0[...]) }.flatMap { $0.isEmpty ? nil : $0 }
        self.value = text.flatMap(parse)
        self.raw = self.value == nil ? text : nil
    }

    /// The member `raw`, present only where something impossible came.
    static func member(_ dates: [(String, RawDate)]) -> [(String, JSONValue)] {
        let raw = dates.compactMap { name, date in date.raw.map { (name, JSONValue.string($0)) } }
        return raw.isEmpty ? [] : [("raw", .object(raw))]
    }
}

extension DataSet {
    /// The first value without the padding that DICOM allows around it; nil where nothing is left.
    func text(_ tag: Tag) -> String? {
        guard let text = self.string(tag) else { return nil }
        let bare = trimmed(text[...])
        return bare.isEmpty ? nil : bare
    }
}

private func trimmed(_ text: Substring) -> String {
    var text = text.drop(while: { $0 == " " })
    while text.last == " " || text.last == "\0" { text.removeLast() }
    return String(text)
}
