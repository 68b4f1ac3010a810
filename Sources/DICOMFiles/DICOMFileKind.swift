internal import DICOMweb

/// What a file is, as far as an upload needs to know before it is sent.
package enum DICOMFileKind: Sendable, Hashable {
    /// An object with all its UIDs.
    case object(ObjectIdentity)
    /// The directory of a medium (DICOMDIR).
    case directory
    /// DICOM that lacks something or is damaged.
    case faulty(DICOMFileError)
    /// Something else.
    case notDICOM

    private static let mediaStorageDirectory = "1.2.840.10008.1.3.10"

    /// Looks into a file; it fails only where the operating system refuses to read it.
    package static func of(path: String) throws(DICOMFileError) -> DICOMFileKind {
        do {
            let file = try OpenedFile(path: path)
            if file.firstString(.mediaStorageSOPClassUID) == self.mediaStorageDirectory { return .directory }
            return .object(try ObjectIdentity(file, transferSyntaxUID: file.transferSyntaxUID))
        } catch {
            switch error.code {
            case .io, .diskFull: throw error
            case .notDICOM: return .notDICOM
            default: return .faulty(error)
            }
        }
    }
}
