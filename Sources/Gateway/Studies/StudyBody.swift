import CollimatorCore
import DICOMweb

/// The JSON of a study, made of what the upstream says of it.
///
/// What is not known is `null`: a count that nobody counted is never 0, and a date that never was is `null` with the
/// text as it came beside it in `raw`.
enum StudyBody {
    /// What is known only when the series or the instances were asked for.
    struct Parts: Sendable {
        var series: [DataSet]?
        var instances: [DataSet]?
        var lists: Set<StudyInclusion> = []
    }

    /// Nil where the upstream gave no identifier that can be used.
    static func json(_ study: DataSet, in store: StoreName, parts: Parts = Parts()) -> JSONValue? {
        guard let uid = study.string(.studyInstanceUID).flatMap({ StudyUID($0) }) else { return nil }
        let address = StudyAddress(store: store, study: uid)
        let date = RawDate(study.string(.studyDate), parse: { CalendarDate(dicom: $0)?.iso })
        let time = RawDate(study.string(.studyTime), parse: { ClockTime.iso(dicom: $0) })
        var members: [(String, JSONValue)] = [
            ("key", .string("\(store)/\(uid)")),
            ("uid", .string(uid.rawValue)),
            ("store", .string(store.rawValue)),
            ("patient", PatientBody.json(study)),
            ("date", .text(date.value)),
            ("time", .text(time.value)),
            ("timezoneOffset", .text(study.text(.timezoneOffsetFromUTC))),
            ("description", .text(study.text(.studyDescription))),
            ("accessionNumber", .text(study.text(.accessionNumber))),
            ("referringPhysician", PersonBody.json(study.personName(.referringPhysicianName))),
            ("modalities", Self.modalities(study, series: parts.series)),
            ("seriesCount", .number(parts.series?.count ?? study.integer(.numberOfStudyRelatedSeries))),
            ("instanceCount", .number(parts.instances?.count ?? study.integer(.numberOfStudyRelatedInstances))),
            ("scope", .string("study")),
            ("updatedAt", .null),
        ]
        members.append(contentsOf: RawDate.member([("date", date), ("time", time)]))
        if parts.lists.contains(.series), let series = parts.series {
            members.append(
                (
                    "series",
                    .array(
                        SeriesBody.list(
                            series,
                            instances: parts.instances,
                            at: address,
                            listsInstances: parts.lists.contains(.instances)
                        )
                    )
                )
            )
        }
        members.append(("links", Self.links(address)))
        return .object(members)
    }

    private static func links(_ address: StudyAddress) -> JSONValue {
        let path = address.path
        return .object([
            ("self", .string(path)),
            ("series", .string("\(path)/series")),
            ("instances", .string("\(path)/instances")),
            ("metadata", .string("\(path)/metadata")),
            ("archive", .string("\(path)/archive")),
            ("dicomweb", .string(address.dicomwebPath)),
        ])
    }

    /// The kinds of acquisition, each once, in alphabetical order; null where nobody asked and the upstream did not say.
    private static func modalities(_ study: DataSet, series: [DataSet]?) -> JSONValue {
        let stated = study.strings(.modalitiesInStudy).filter { !$0.isEmpty }
        guard let modalities = series?.compactMap({ $0.text(.modality) }) ?? (stated.isEmpty ? nil : stated) else {
            return .null
        }
        return .array(Set(modalities).sorted().map(JSONValue.string))
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
