import DICOMweb

/// The JSON of series and instances, as a study lists them.
enum SeriesBody {
    /// The series in the order of their numbers, each with its instances where those were asked for.
    static func list(
        _ series: [DataSet],
        instances: [DataSet]?,
        at studyPath: String,
        parts: StudyBody.Parts
    ) -> [JSONValue] {
        let bySeries = instances.map { Dictionary(grouping: $0, by: { $0.string(.seriesInstanceUID) ?? "" }) }
        return series.sorted { Self.order($0, $1, by: .seriesNumber, then: .seriesInstanceUID) }.compactMap { series in
            guard let uid = series.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }) else { return nil }
            let path = "\(studyPath)/series/\(uid)"
            let own = bySeries.map { $0[uid.rawValue] ?? [] }
            var members = Self.members(series, uid: uid, instanceCount: own?.count)
            if parts.lists.contains(.instances), let own {
                members.append(("instances", .array(InstanceBody.list(own, at: path))))
            }
            return .object(members)
        }
    }

    private static func members(_ series: DataSet, uid: SeriesUID, instanceCount: Int?) -> [(String, JSONValue)] {
        [
            ("uid", .string(uid.rawValue)),
            ("modality", .text(series.text(.modality))),
            ("number", .number(series.integer(.seriesNumber))),
            ("description", .text(series.text(.seriesDescription))),
            ("instanceCount", .number(instanceCount)),
        ]
    }

    /// By number where both have one, those without at the end, and by identifier where that does not decide.
    static func order(_ left: DataSet, _ right: DataSet, by number: Tag, then uid: Tag) -> Bool {
        let numbers = (left.integer(number) ?? Int.max, right.integer(number) ?? Int.max)
        if numbers.0 != numbers.1 { return numbers.0 < numbers.1 }
        return (left.string(uid) ?? "") < (right.string(uid) ?? "")
    }
}

/// The JSON of an instance.
enum InstanceBody {
    static func list(_ instances: [DataSet], at seriesPath: String) -> [JSONValue] {
        instances.sorted { SeriesBody.order($0, $1, by: .instanceNumber, then: .sopInstanceUID) }.compactMap {
            Self.json($0, at: seriesPath)
        }
    }

    private static func json(_ instance: DataSet, at seriesPath: String) -> JSONValue? {
        guard let uid = instance.string(.sopInstanceUID).flatMap({ InstanceUID($0) }) else { return nil }
        let rows = instance.integer(.rows)
        let columns = instance.integer(.columns)
        let hasPicture = rows != nil && columns != nil
        return .object([
            ("uid", .string(uid.rawValue)),
            ("sopClassUid", .text(instance.text(.sopClassUID))),
            ("number", .number(instance.integer(.instanceNumber))),
            ("rows", .number(rows)),
            ("columns", .number(columns)),
            ("bitsAllocated", .number(instance.integer(.bitsAllocated))),
            ("frameCount", .number(instance.integer(.numberOfFrames) ?? (hasPicture ? 1 : nil))),
            (
                "links",
                .object([
                    ("rendered", hasPicture ? .string("\(seriesPath)/instances/\(uid)/rendered") : .null)
                ])
            ),
        ])
    }
}
