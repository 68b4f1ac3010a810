/// A study, a series or an instance on a server (PS3.18 §10.1).
public enum DICOMResource: Hashable, Sendable {
    /// A study.
    case study(StudyUID)
    /// A series of a study.
    case series(StudyUID, SeriesUID)
    /// An instance of a series.
    case instance(InstanceReference)

    /// The path below the server's address, such as `/studies/1.2/series/1.3`.
    public var path: String {
        switch self {
        case .study(let study): "/studies/\(study)"
        case .series(let study, let series): "/studies/\(study)/series/\(series)"
        case .instance(let instance): instance.path
        }
    }
}

/// What identifies an instance on a server.
public struct InstanceReference: Hashable, Sendable {
    /// The study.
    public let study: StudyUID
    /// The series.
    public let series: SeriesUID
    /// The instance.
    public let instance: InstanceUID

    /// Makes a reference.
    public init(_ study: StudyUID, _ series: SeriesUID, _ instance: InstanceUID) {
        self.study = study
        self.series = series
        self.instance = instance
    }

    /// Reads the three identifiers of a search's answer; nothing comes where one is missing or malformed.
    public init?(_ dataSet: DataSet) {
        guard let study = dataSet.string(.studyInstanceUID).flatMap({ StudyUID($0) }),
            let series = dataSet.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }),
            let instance = dataSet.string(.sopInstanceUID).flatMap({ InstanceUID($0) })
        else { return nil }
        self.init(study, series, instance)
    }

    /// The path below the server's address.
    public var path: String { "/studies/\(self.study)/series/\(self.series)/instances/\(self.instance)" }
}
