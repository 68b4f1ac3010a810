internal import DICOMweb
internal import Persistence

/// A study as tests on its attributes see it: as the upstream describes it, as instances that disagree do, and with what
/// the catalog has computed.
struct MatchableStudy {
    private let descriptions: [DataSet]

    /// Nil where there is no such study; where series are given it is as if the study had no others.
    init?(_ study: Int64, narrowedTo series: [SeriesEntry]? = nil, on connection: any SQLConnection) throws {
        let row = try connection.queryOne(
            "SELECT attributes, variants, modalities, seriesCount, instanceCount, uid FROM study WHERE id = ?1",
            [.integer(study)]
        )
        guard let row else { return nil }
        var attributes = try DICOMJSON.dataSet(from: try row.blob(0))
        attributes.set(.studyInstanceUID, try row.text(5))
        var modalities = try row.textIfPresent(2)?.split(separator: "\\").map(String.init)
        var seriesCount = try row.integerIfPresent(3).map { Int($0) }
        var instanceCount = try row.integerIfPresent(4).map { Int($0) }
        if let series {
            for tag in [Tag.modalitiesInStudy, .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances] {
                attributes[tag] = nil
            }
            modalities = series.modalities
            seriesCount = series.count
            instanceCount = series.instanceCount
        }
        if let modalities { attributes.set(.modalitiesInStudy, values: modalities.map { .string($0) }) }
        if let seriesCount { attributes.set(.numberOfStudyRelatedSeries, seriesCount) }
        if let instanceCount { attributes.set(.numberOfStudyRelatedInstances, instanceCount) }
        let variants = try row.blob(1)
        self.descriptions = [attributes] + (variants.isEmpty ? [] : try DICOMJSON.dataSets(from: variants))
    }

    /// Whether each passes on one of the descriptions; tests inside one sequence on the same.
    func matches(_ matches: [AttributeMatch]) -> Bool {
        Dictionary(grouping: matches, by: { $0.path[0] }).values.allSatisfy { together in
            self.descriptions.contains { AttributeMatch.allMatch(together, $0) }
        }
    }
}
