package import DICOMweb

/// What a representative is chosen by: a series as the catalog knows it.
package struct SeriesDescription: Hashable, Sendable {
    package let series: SeriesUID
    package let modality: String
    package let number: Int?
    package let description: String
    package let instanceCount: Int?

    package init(series: SeriesUID, modality: String, number: Int?, description: String, instanceCount: Int?) {
        self.series = series
        self.modality = modality
        self.number = number
        self.description = description
        self.instanceCount = instanceCount
    }

    /// Of the attributes of a series.
    package init(series: SeriesUID, attributes: DataSet, instanceCount: Int?) {
        self.init(
            series: series,
            modality: attributes.string(.modality) ?? "",
            number: attributes.integer(.seriesNumber),
            description: attributes.string(.seriesDescription) ?? "",
            instanceCount: instanceCount
        )
    }
}
