import CollimatorCore
import DICOMweb

/// The JSON of a series.
enum SeriesBody {
    /// The series in the order of their numbers, those without a usable identifier left out.
    ///
    /// `instances` are those of the study or of the series, nil where nobody asked: then what only they tell is null.
    static func list(
        _ series: [DataSet],
        instances: [DataSet]?,
        at study: StudyAddress,
        listsInstances: Bool = false
    ) -> [JSONValue] {
        let bySeries = instances.map { Dictionary(grouping: $0, by: { $0.string(.seriesInstanceUID) ?? "" }) }
        return series.sorted { Self.order($0, $1, by: .seriesNumber, then: .seriesInstanceUID) }.compactMap { series in
            guard let uid = series.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }) else { return nil }
            let own = bySeries.map { $0[uid.rawValue] ?? [] }
            let listed = own.map { InstanceBody.sorted($0) }
            var members = Self.members(series, uid: uid, instances: listed, at: study)
            if listsInstances, let listed {
                members.append(("instances", .array(listed.compactMap { InstanceBody.json($0, at: study) })))
            }
            members.append(("links", Self.links(uid: uid, instances: listed, at: study)))
            return .object(members)
        }
    }

    private static func members(
        _ series: DataSet,
        uid: SeriesUID,
        instances: [DataSet]?,
        at study: StudyAddress
    ) -> [(String, JSONValue)] {
        let day = [Tag.seriesDate, .performedProcedureStepStartDate].lazy.compactMap { series.text($0) }.first
        let date = RawDate(day, parse: { CalendarDate(dicom: $0)?.iso })
        let bodyPart = series.text(.bodyPartExamined) ?? instances?.lazy.compactMap { $0.text(.bodyPartExamined) }.first
        return [
            ("uid", .string(uid.rawValue)),
            ("study", .string(study.study.rawValue)),
            ("modality", .text(series.text(.modality))),
            ("number", .number(series.integer(.seriesNumber))),
            ("description", .text(series.text(.seriesDescription))),
            ("date", .text(date.value)),
            ("bodyPart", .text(bodyPart)),
            ("laterality", .text(series.text(.laterality))),
            ("instanceCount", .number(instances?.count ?? series.integer(.numberOfSeriesRelatedInstances))),
        ] + RawDate.member([("date", date)])
    }

    private static func links(uid: SeriesUID, instances: [DataSet]?, at study: StudyAddress) -> JSONValue {
        let path = "\(study.path)/series/\(uid)"
        // The middle one shows more of the body than the first.
        let pictured = instances?.filter { InstanceBody.hasPicture($0) }
        let middle = pictured.flatMap { $0.isEmpty ? nil : $0[$0.count / 2].string(.sopInstanceUID) }
        return .object([
            ("self", .string(path)),
            ("study", .string(study.path)),
            ("instances", .string("\(path)/instances")),
            ("metadata", .string("\(path)/metadata")),
            ("archive", .string("\(path)/archive")),
            ("thumbnail", .string("\(path)/thumbnail")),
            ("rendered", .text(middle.map { "\(path)/instances/\($0)/rendered" })),
            ("dicomweb", .string("\(study.dicomwebPath)/series/\(uid)")),
        ])
    }

    /// By number where both have one, those without at the end, and by identifier where that does not decide.
    static func order(_ left: DataSet, _ right: DataSet, by number: Tag, then uid: Tag) -> Bool {
        let numbers = (left.integer(number) ?? Int.max, right.integer(number) ?? Int.max)
        if numbers.0 != numbers.1 { return numbers.0 < numbers.1 }
        return (left.string(uid) ?? "") < (right.string(uid) ?? "")
    }
}
