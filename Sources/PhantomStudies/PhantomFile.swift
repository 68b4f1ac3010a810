package import DICOMweb

/// One made-up DICOM file.
package struct PhantomFile: Sendable {
    /// Where it lies below the folder of the collection, with slashes and in plain ASCII.
    package let relativePath: String
    /// The file (PS3.10 §7.1).
    package let bytes: [UInt8]
    package let studyUID: StudyUID
    package let seriesUID: SeriesUID
    package let instanceUID: InstanceUID
    package let modality: String
}
