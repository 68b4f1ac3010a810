package import CollimatorCore

/// A dataset: its name and the JSON text of its own fields.
package struct DatasetRecord: Sendable, Hashable {
    package let name: DatasetName
    /// What the caller gave; the archive keeps it and never reads it.
    package let body: [UInt8]
}

/// A DICOM store: its name and the JSON text of its own fields.
package struct StoreRecord: Sendable, Hashable {
    package let name: DICOMStoreName
    /// What the caller gave; of it the archive reads only the topics of its notifications.
    package let body: [UInt8]
}

/// A long-running operation under a dataset.
package struct OperationRecord: Sendable, Hashable {
    package let dataset: DatasetName
    /// Unique in the archive, ascending in the order of creation.
    package let id: Int64
    /// The JSON text of the operation as its caller sees it; the archive keeps it and never reads it.
    package var body: [UInt8]
    /// What is needed to do the work again after a restart; empty where there is nothing to resume.
    package var work: [UInt8]
    package var isDone: Bool
}

/// A part of a list.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    /// What to pass as `after` to get the next part; nil at the end of the list.
    package let next: String?
}
