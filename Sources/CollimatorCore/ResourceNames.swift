/// The name of a dataset of the Healthcare API: `projects/{project}/locations/{location}/datasets/{dataset}`.
package struct DatasetName: Hashable, Sendable, CustomStringConvertible {
    package let project: String
    package let location: String
    package let dataset: String

    /// Nil where a part is not a resource identifier of 1 to 256 letters, digits, `_`, `-` and `.`.
    package init?(project: some StringProtocol, location: some StringProtocol, dataset: some StringProtocol) {
        guard isResourceID(project), isResourceID(location), isResourceID(dataset) else { return nil }
        self.project = String(project)
        self.location = String(location)
        self.dataset = String(dataset)
    }

    /// Nil where the text is not the whole name of a dataset.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "projects", parts[2] == "locations", parts[4] == "datasets" else {
            return nil
        }
        self.init(project: parts[1], location: parts[3], dataset: parts[5])
    }

    package var description: String {
        "projects/\(self.project)/locations/\(self.location)/datasets/\(self.dataset)"
    }
}

/// The name of a DICOM store of the Healthcare API:
/// `projects/{project}/locations/{location}/datasets/{dataset}/dicomStores/{store}`.
package struct DICOMStoreName: Hashable, Sendable, CustomStringConvertible {
    package let dataset: DatasetName
    package let store: String

    /// Nil where the store is not a resource identifier of 1 to 256 letters, digits, `_`, `-` and `.`.
    package init?(dataset: DatasetName, store: some StringProtocol) {
        guard isResourceID(store) else { return nil }
        self.dataset = dataset
        self.store = String(store)
    }

    /// Nil where the text is not the whole name of a DICOM store.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 8, parts[6] == "dicomStores",
            let dataset = DatasetName(parts[0..<6].joined(separator: "/"))
        else { return nil }
        self.init(dataset: dataset, store: parts[7])
    }

    package var description: String { "\(self.dataset)/dicomStores/\(self.store)" }
}

/// Whether the text is one segment of a resource name: `[\p{L}\p{N}_\-\.]{1,256}`, but neither `.` nor `..`.
private func isResourceID(_ text: some StringProtocol) -> Bool {
    guard (1...256).contains(text.unicodeScalars.count), text != ".", text != ".." else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
        switch scalar {
        case "_", "-", ".": true
        default: scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        }
    }
}
