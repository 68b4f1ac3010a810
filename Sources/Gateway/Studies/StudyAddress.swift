import CollimatorCore
import DICOMweb

/// Where a study is in our two trees for clients.
struct StudyAddress: Hashable, Sendable {
    let store: StoreName
    let study: StudyUID

    /// The path in the JSON tree.
    var path: String { "/api/v1/stores/\(self.store)/studies/\(self.study)" }

    /// The path in the DICOMweb tree.
    var dicomwebPath: String { "/dicomweb/\(self.store)/studies/\(self.study)" }
}

extension StudyTarget {
    /// Where the study is for clients.
    var address: StudyAddress { StudyAddress(store: self.store.name, study: self.study) }
}
