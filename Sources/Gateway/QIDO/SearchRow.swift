import Catalog
import CollimatorCore
import DICOMweb

/// The rows of an answer, made of what the catalog keeps (PS3.18 Tables 10.6.3-3 and 10.6.3-4).
struct SearchRow: Sendable {
    let fields: FieldSelection
    /// Our address of the store's DICOMweb root, without a slash at its end.
    let root: String

    /// A study: what is required of it, what was matched and asked for, and what is worked out of its series.
    func study(_ study: CatalogStudy) -> DataSet {
        let attributes = study.attributes
        var row = DataSet()
        self.fill(&row, from: attributes, required: SearchedAttributes.requiredOfStudy)
        Self.set(.modalitiesInStudy, study.modalities?.map(Value.string), in: &row, from: attributes)
        Self.set(.numberOfStudyRelatedSeries, study.seriesCount, in: &row, from: attributes)
        Self.set(.numberOfStudyRelatedInstances, study.instanceCount, in: &row, from: attributes)
        row.set(.studyInstanceUID, study.study.rawValue)
        self.finish(&row, at: "studies/\(study.study.rawValue)", from: attributes)
        return row
    }

    /// A series; with the study's own attributes where the search went over studies.
    func series(_ item: SeriesPage.Item, isAcrossStudies: Bool) -> DataSet {
        let study = self.study(item.study)
        var row = DataSet()
        if isAcrossStudies || self.fields.isAll {
            row = study
        } else {
            self.fields.copy(from: study, to: &row)
        }
        self.fill(&row, from: item.series.attributes, required: SearchedAttributes.requiredOfSeries)
        Self.set(
            .numberOfSeriesRelatedInstances,
            item.series.instanceCount,
            in: &row,
            from: item.series.attributes
        )
        row.set(.studyInstanceUID, item.study.study.rawValue)
        row.set(.seriesInstanceUID, item.series.series.rawValue)
        let path = "studies/\(item.study.study.rawValue)/series/\(item.series.series.rawValue)"
        self.finish(&row, at: path, from: item.series.attributes)
        return row
    }

    /// An instance as the store gives it, with our address.
    func instance(_ attributes: DataSet, at path: String) -> DataSet {
        var row = attributes
        self.finish(&row, at: path, from: attributes)
        return row
    }

    private func fill(_ row: inout DataSet, from attributes: DataSet, required: [Tag]) {
        guard !self.fields.isAll else {
            for entry in attributes.entries { row[entry.tag] = entry.element }
            return
        }
        for tag in required {
            if let element = attributes[tag] { row[tag] = element }
        }
        self.fields.copy(from: attributes, to: &row)
    }

    /// What every row has: texts are UTF-8 here whatever they were in the files, and addresses are ours.
    private func finish(_ row: inout DataSet, at path: String, from attributes: DataSet) {
        row.set(.specificCharacterSet, "ISO_IR 192")
        row.set(.instanceAvailability, attributes.string(.instanceAvailability) ?? "ONLINE")
        row.set(.retrieveURL, "\(self.root)/\(path)")
        row.remove(.retrieveURI)
    }

    /// A count of ours, else the store's own, else none: what nobody has counted is not there.
    private static func set(_ tag: Tag, _ count: Int?, in row: inout DataSet, from attributes: DataSet) {
        self.set(tag, count.map { [.integer(Int64($0))] }, in: &row, from: attributes)
    }

    private static func set(_ tag: Tag, _ values: [Value]?, in row: inout DataSet, from attributes: DataSet) {
        if let values {
            row.set(tag, values: values)
        } else {
            row[tag] = attributes[tag]
        }
    }
}
