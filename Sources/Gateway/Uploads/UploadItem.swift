import CollimatorCore

/// What became of one file of an upload.
struct UploadItem: Sendable {
    /// Its place in the request, counted from 0.
    let index: Int
    /// The name that the client gave it; never logged, because names of files hold names of patients.
    let name: String?
    var outcome: UploadOutcome
    /// What its first bytes say; nil where none was read.
    var beginning: FileBeginning?
}

/// The four things that can become of a file.
enum UploadOutcome: Sendable {
    case stored(StoredReference)
    /// The same content was there already.
    case duplicate(StoredReference)
    case skipped(SkipReason)
    case refused(RefusalReason, CollimatorError)

    var reference: StoredReference? {
        switch self {
        case .stored(let reference), .duplicate(let reference): reference
        case .skipped, .refused: nil
        }
    }

    var name: String {
        switch self {
        case .stored: "stored"
        case .duplicate: "duplicate"
        case .skipped: "skipped"
        case .refused: "refused"
        }
    }

    var reason: String? {
        switch self {
        case .stored, .duplicate: nil
        case .skipped(let reason): reason.name
        case .refused(let reason, _): reason.rawValue
        }
    }

    var detail: StaticString? {
        switch self {
        case .stored, .duplicate: nil
        case .skipped(let reason): reason.detail
        case .refused(let reason, let error): error.publicDetail ?? reason.detail
        }
    }

    /// Why a file was not sent to the store: there is nothing wrong with it, it is no image.
    enum SkipReason: Sendable {
        case dicomDirectory
        case notDICOM
        /// No DICOM file either; it is taken where it is the whole body.
        case zipFile
        case resourceFork
        case empty

        var name: String {
            switch self {
            case .dicomDirectory: "dicomdir"
            case .notDICOM, .zipFile: "not-dicom"
            case .resourceFork: "resource-fork"
            case .empty: "empty"
            }
        }

        var detail: StaticString {
            switch self {
            case .dicomDirectory: "The file is the index of a medium (DICOMDIR)."
            case .notDICOM: "The file is no DICOM file."
            case .zipFile: "The file is a zip file; send it as the whole body, as application/zip."
            case .resourceFork: "The file is one that macOS adds to archives."
            case .empty: "The file is empty."
            }
        }
    }

    /// Why a file is not in the store.
    enum RefusalReason: String, Sendable, CaseIterable {
        case conflict
        /// The caller may not add to the study.
        case forbidden
        case invalid
        case tooLarge = "too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case upstreamFailed = "upstream-failed"
        /// The entry of the zip file does not agree with its checksum or its directory.
        case corrupt
        /// An entry before it could not be read, so this one was not.
        case unread = "not-read"

        var detail: StaticString {
            switch self {
            case .conflict: "Another instance with the same SOP Instance UID and other content is there already."
            case .forbidden: "The caller may not add to the study of the file."
            case .invalid: "The store did not accept the file as a DICOM instance with its identifiers."
            case .tooLarge: "The file is longer than this service accepts."
            case .unsupportedMediaType: "The part is not application/dicom."
            case .upstreamFailed: "The DICOM store failed; sending the file again may help."
            case .corrupt: "The entry of the zip file cannot be read."
            case .unread: "An entry before this one could not be read."
            }
        }
    }
}

extension UploadOutcome.RefusalReason {
    /// The reason that an error of the store, or of the way to it, is for one file.
    init(_ error: CollimatorError) {
        switch error.code {
        case .conflict: self = .conflict
        case .forbidden: self = .forbidden
        case .invalidInput, .unprocessable: self = .invalid
        case .tooLarge: self = .tooLarge
        default: self = .upstreamFailed
        }
    }
}
