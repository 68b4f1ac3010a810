package import CollimatorCore
package import DICOMweb
internal import Persistence

/// A study as the catalog keeps it.
package struct CatalogStudy: Hashable, Sendable {
    /// The catalog's own number; never used twice.
    package let number: Int64
    package let store: StoreName
    package let study: StudyUID
    private var stored: StoredAttributes
    /// Nil where nobody has asked.
    package private(set) var modalities: [String]?
    /// Nil where nobody has asked.
    package private(set) var seriesCount: Int?
    /// Nil where nobody has counted.
    package private(set) var instanceCount: Int?
    /// The number of its last change in the change sequence.
    package let change: Int64
    /// When its entry last changed, in milliseconds since 1970.
    package let updatedAtMilliseconds: Int64
    /// The series that are shown, of which modalities and counts speak; nil where the whole study is.
    package private(set) var visibleSeries: Set<SeriesUID>?

    /// Every attribute of the study level that the upstream gives; read from the row each time.
    package var attributes: DataSet {
        switch self.stored {
        case .outlined(let outline): outline.dataSet
        case .read(let attributes): attributes
        }
    }

    /// Where the attributes stand in the text that is kept; nil where that has no outline.
    package var outline: DICOMJSONOutline? {
        if case .outlined(let outline) = self.stored { outline } else { nil }
    }

    /// Most lists show a few texts of an attribute set: these are copied, and nothing is read.
    private enum StoredAttributes: Hashable, Sendable {
        case outlined(DICOMJSONOutline)
        case read(DataSet)
    }

    /// The study as if it had only those of its series.
    package func narrowed(to visible: Set<SeriesUID>, of series: [SeriesEntry]) -> CatalogStudy {
        let shown = series.filter { visible.contains($0.series) }
        var study = self
        study.visibleSeries = visible
        study.modalities = shown.modalities
        study.seriesCount = shown.count
        study.instanceCount = shown.instanceCount
        study.forgetWhatCountsAll()
        return study
    }

    /// Takes out what the store says of all series together and nobody has worked out for those that are shown.
    private mutating func forgetWhatCountsAll() {
        var hidden: Set<Tag> = [.sopClassesInStudy]
        if self.modalities == nil { hidden.insert(.modalitiesInStudy) }
        if self.seriesCount == nil { hidden.insert(.numberOfStudyRelatedSeries) }
        if self.instanceCount == nil { hidden.insert(.numberOfStudyRelatedInstances) }
        if let outline, !outline.elements.contains(where: { hidden.contains($0.tag) }) { return }
        var attributes = self.attributes
        for tag in hidden { attributes.remove(tag) }
        self.stored = .read(attributes)
    }

    /// The columns that the initialiser reads.
    static let select = """
        SELECT s.id, t.name, s.uid, s.attributes, s.modalities, s.seriesCount, s.instanceCount, s.change, s.updatedAt
        FROM study s JOIN store t ON t.id = s.store
        """

    init(row: SQLRow) throws {
        guard let store = StoreName(try row.text(1)), let study = StudyUID(try row.text(2)) else {
            throw CollimatorError(.internalError, "a row of the catalog holds no valid names")
        }
        self.number = try row.integer(0)
        self.store = store
        self.study = study
        self.stored = try Self.stored(try row.blob(3))
        self.modalities = try row.textIfPresent(4)?.split(separator: "\\").map(String.init)
        self.seriesCount = try row.integerIfPresent(5).map(Int.init)
        self.instanceCount = try row.integerIfPresent(6).map(Int.init)
        self.change = try row.integer(7)
        self.updatedAtMilliseconds = try row.integer(8)
        self.visibleSeries = nil
    }

    private static func stored(_ bytes: [UInt8]) throws -> StoredAttributes {
        if let outline = DICOMJSONOutline(bytes) { return .outlined(outline) }
        do {
            return .read(try DICOMJSON.dataSet(from: bytes))
        } catch {
            throw CollimatorError(.internalError, "a row of the catalog holds no DICOM JSON", cause: error)
        }
    }
}
