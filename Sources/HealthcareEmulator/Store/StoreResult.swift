internal import DICOMFiles
internal import EmulatorStorage

/// What became of one object of a store request.
enum StoreResult: Sendable {
    case stored(StoredInstance)
    case refused(StoreRefusal)
    /// Nothing is wrong with the object, and sending it again may help; where nothing of the request was stored, this
    /// is the error of the whole request.
    case failed(ArchiveError)

    init(_ outcome: StoreOutcome) {
        switch outcome {
        case .stored(let instance), .identical(let instance): self = .stored(instance)
        case .refused(let reason, let identity):
            self = .refused(StoreRefusal(detail: Self.detail(reason), identity: identity, reason: reason))
        case .failed(let error): self = .failed(error)
        }
    }

    /// What the answer says of a refusal: fixed text, without a value of the object.
    private static func detail(_ reason: RefusalReason) -> StaticString {
        switch reason {
        case .alreadyExistsDifferent: "generic::already_exists: already exists"
        case .studyMismatch: "generic::invalid_argument: the Study Instance UID is not the one in the path"
        case .notDICOM: "generic::invalid_argument: not a DICOM instance"
        case .missingIdentity: "generic::invalid_argument: a required UID is missing"
        case .invalidUID: "generic::invalid_argument: a UID is malformed"
        case .truncated: "generic::invalid_argument: unexpected end of the DICOM instance"
        case .corrupt: "generic::invalid_argument: the DICOM instance cannot be parsed"
        case .unsupportedTransferSyntax: "generic::invalid_argument: the transfer syntax is not supported"
        case .deleting: "generic::failed_precondition: the study or series is being deleted"
        }
    }
}

/// An object that was not stored, and why.
struct StoreRefusal: Sendable {
    let detail: StaticString
    /// Which object it is, where that could be read.
    let identity: ObjectIdentity?
    let reason: RefusalReason?
}
