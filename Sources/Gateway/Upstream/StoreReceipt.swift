package import DICOMweb

/// A DICOM file on its way to the upstream.
package struct UpstreamUpload: Sendable {
    package let bytes: ByteStream
    /// Nil where the sender did not say.
    package let length: Int?
    /// The study that it must be of, which the upstream sees to; nil where it may be of any.
    package let study: StudyUID?

    package init(bytes: ByteStream, length: Int?, study: StudyUID? = nil) {
        self.bytes = bytes
        self.length = length
        self.study = study
    }
}

/// What became of a file that was sent to be stored.
package enum StoreReceipt: Hashable, Sendable {
    /// It is there now; whether it was there before, the upstream does not say.
    case stored(StoredReference)
    /// Another object is there under the same SOP Instance UID.
    case conflicting
    /// The store took it for no valid DICOM object.
    case refused
}

/// Where a stored instance is, as far as the upstream said.
package struct StoredReference: Hashable, Sendable {
    package var sopClassUID: String?
    package var study: StudyUID?
    package var series: SeriesUID?
    package var instance: InstanceUID?

    package init(
        sopClassUID: String? = nil,
        study: StudyUID? = nil,
        series: SeriesUID? = nil,
        instance: InstanceUID? = nil
    ) {
        self.sopClassUID = sopClassUID
        self.study = study
        self.series = series
        self.instance = instance
    }

    /// Reads the three identifiers out of a retrieve URL, `…/studies/{}/series/{}/instances/{}` (PS3.18 §10.5.3).
    package init(sopClassUID: String?, instance: InstanceUID?, retrieveURL: String?) {
        self.init(sopClassUID: sopClassUID, instance: instance)
        let segments = (retrieveURL ?? "").split(separator: "/")
        func segment(after name: String) -> Substring? {
            guard let index = segments.lastIndex(where: { $0 == name }), index + 1 < segments.count else { return nil }
            return segments[index + 1]
        }
        self.study = segment(after: "studies").flatMap { StudyUID($0) }
        self.series = segment(after: "series").flatMap { SeriesUID($0) }
        self.instance = instance ?? segment(after: "instances").flatMap { InstanceUID($0) }
    }
}
