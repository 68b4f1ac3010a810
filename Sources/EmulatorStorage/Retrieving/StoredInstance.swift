package import CollimatorCore
package import DICOMweb
package import FoundationEssentials

/// One object of the archive as its index knows it.
package struct StoredInstance: Sendable, Hashable {
    package let study: StudyUID
    package let series: SeriesUID
    package let instance: InstanceUID
    package let sopClassUID: String
    package let transferSyntaxUID: String
    /// Where the bytes are; the file is never changed, and an open one stays readable when it is deleted.
    package let filePath: String
    package let sizeBytes: Int64
    package let sha256: [UInt8]
    /// 0 where the object says nothing of frames.
    package let numberOfFrames: Int
    /// The length of the object's DICOM JSON.
    package let structuredSizeBytes: Int64
    package let storedAt: Date
    package let storageClass: StorageClass
    package let storageClassUpdatedAt: Date
}

/// What an object's bytes are kept for; here it changes nothing but what is reported.
package enum StorageClass: String, Sendable, Hashable, CaseIterable {
    case standard = "STANDARD"
    case nearline = "NEARLINE"
    case coldline = "COLDLINE"
    case archive = "ARCHIVE"
}

/// A study, one of its series, or one instance of that.
package struct InstanceScope: Sendable, Hashable {
    package let store: DICOMStoreName
    package let study: StudyUID
    package let series: SeriesUID?
    package let instance: InstanceUID?

    /// A study.
    package init(store: DICOMStoreName, study: StudyUID) {
        self.init(store, study, nil, nil)
    }

    /// A series of a study.
    package init(store: DICOMStoreName, study: StudyUID, series: SeriesUID) {
        self.init(store, study, series, nil)
    }

    /// An instance of a series.
    package init(store: DICOMStoreName, study: StudyUID, series: SeriesUID, instance: InstanceUID) {
        self.init(store, study, series, instance)
    }

    private init(_ store: DICOMStoreName, _ study: StudyUID, _ series: SeriesUID?, _ instance: InstanceUID?) {
        self.store = store
        self.study = study
        self.series = series
        self.instance = instance
    }
}
