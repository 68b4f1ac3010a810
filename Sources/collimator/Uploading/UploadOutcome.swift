/// What became of one file.
enum UploadOutcome: Sendable, Equatable {
    case stored
    case alreadyThere
    case skipped(SkipReason)
    /// The archive did not take it; the text is the archive's.
    case refused(String)
    /// It could not be sent.
    case failed(String)

    /// Why a file was not sent.
    enum SkipReason: String, Sendable, CaseIterable {
        case dicomDirectory = "index of a medium (DICOMDIR)"
        case notDICOM = "not DICOM"
        case empty = "empty"
        case special = "no file but a pipe, socket or device"
        case folderLink = "link to a folder (give it as an argument to have it uploaded)"
        case brokenLink = "link that leads nowhere"
    }
}
