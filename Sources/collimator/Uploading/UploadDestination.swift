import DICOMweb

/// Where files go, as closures: a gateway, or a DICOM store directly.
struct UploadDestination: Sendable {
    /// Asks once whether the destination is there and takes our key.
    ///
    /// Throws ``CommandFailure``.
    var check: @Sendable () async throws -> Void
    /// Sends one file.
    ///
    /// Throws ``SendFailure`` where it could not be delivered.
    var send: @Sendable (_ file: FileUpload) async throws -> SendResult
    /// The instances of a study that are there; nil where that cannot be told.
    var instances: @Sendable (_ study: StudyUID) async throws -> Set<String>?
}

/// What the destination said of a file.
enum SendResult: Sendable, Equatable {
    case stored
    case alreadyThere
    /// There is nothing wrong with it, it is no image.
    case skipped(UploadOutcome.SkipReason)
    case refused(String)
}

/// A file could not be delivered.
struct SendFailure: Error, Sendable, Equatable {
    let reason: String
    /// Whether another try may help.
    let isPassing: Bool
    /// How long the other side wants us to wait before it, in seconds.
    var retryAfterSeconds: Int?
}
