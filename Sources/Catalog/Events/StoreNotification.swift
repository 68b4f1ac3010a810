package import CollimatorCore
package import DICOMweb

/// What a message of Pub/Sub says of a DICOM store: something in a study of it changed.
///
/// Both forms of the Healthcare API are read: the older one is the path of an instance alone, the newer one has the same
/// path with attributes beside it. Of the path only store and study count; what became of the study is asked of the
/// store itself, so that messages may come twice, late and in any order.
package struct StoreNotification: Hashable, Sendable {
    package let store: DICOMStoreName
    package let study: StudyUID

    /// The longest data that can be a path of ours.
    package static let dataBytesMax = 8 * 1024

    /// Reads the message.
    ///
    /// - Throws: why it is none of ours.
    package init(data: [UInt8], attributes: [String: String] = [:]) throws(EventRejection.Reason) {
        guard data.count <= Self.dataBytesMax else { throw .tooLarge }
        guard !data.isEmpty, let text = String(validating: data, as: UTF8.self) else { throw .unreadable }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (11...15).contains(parts.count), parts.count % 2 == 1, parts[8] == "dicomWeb", parts[9] == "studies",
            parts.count < 13 || parts[11] == "series", parts.count < 15 || parts[13] == "instances",
            let store = DICOMStoreName(parts[0..<8].joined(separator: "/")), let study = StudyUID(String(parts[10]))
        else { throw .notNotification }
        let names = attributes["storeName"] ?? store.description
        let studies = attributes["studyInstanceUID"] ?? study.rawValue
        guard names == store.description, studies == study.rawValue else { throw .contradictory }
        self.store = store
        self.study = study
    }
}
