internal import DICOMweb
internal import Persistence

/// A study as tests on its attributes see it: as the upstream describes it, as instances that disagree do, and with what
/// the catalog has computed.
struct MatchableStudy {
    private let descriptions: [DataSet]

    /// Nil where there is no such study.
    init?(_ study: Int64, on connection: any SQLConnection) throws {
        let row = try connection.queryOne(
            "SELECT attributes, variants, modalities, seriesCount, instanceCount, uid FROM study WHERE id = ?1",
            [.integer(study)]
        )
        guard let row else { return nil }
        var attributes = try DICOMJSON.dataSet(from: try row.blob(0))
        attributes.set(.studyInstanceUID, try row.text(5))
        if let modalities = try row.textIfPresent(2)?.split(separator: "\\") {
            attributes.set(.modalitiesInStudy, values: modalities.map { .string(String($0)) })
        }
        if let count = try row.integerIfPresent(3) { attributes.set(.numberOfStudyRelatedSeries, Int(count)) }
        if let count = try row.integerIfPresent(4) { attributes.set(.numberOfStudyRelatedInstances, Int(count)) }
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
