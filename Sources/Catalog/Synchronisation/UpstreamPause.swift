internal import CollimatorCore
internal import DICOMweb

/// How long a store asks to be left alone (429 and 503, RFC 9110 §10.2.3).
enum UpstreamPause {
    /// What is taken where the store names no time.
    private static let standard = Duration.seconds(5)
    /// The longest time that is believed: a store that asks for more is asked again after this.
    static let longest = Duration.seconds(300)

    /// Nil for an error that asks for nothing.
    static func asked(by error: any Error) -> Duration? {
        let wait: Duration? =
            switch error {
            case DICOMwebError.throttled(let wait), DICOMwebError.unavailable(let wait): wait ?? Self.standard
            case let error as CollimatorError where error.code == .rateLimited || error.code == .unavailable:
                error.retryAfterSeconds.map { .seconds($0) } ?? Self.standard
            default: nil
            }
        return wait.map { min($0, Self.longest) }
    }

    /// Whether the error is about the one study that was asked for, so that others can be asked for all the same.
    static func isOfOneStudy(_ error: any Error) -> Bool {
        switch error {
        case DICOMwebError.badRequest, DICOMwebError.notFound, DICOMwebError.notAcceptable, DICOMwebError.conflict,
            DICOMwebError.upstreamFault, DICOMwebError.invalidAnswer, DICOMwebError.limit:
            true
        default: false
        }
    }

    /// What a caller gets who will not wait that long.
    static func refusal(_ left: Duration) -> CollimatorError {
        CollimatorError(
            .unavailable,
            "the store asked to be left alone for a while",
            publicDetail: "The DICOM store cannot answer now.",
            retryAfterSeconds: max(1, Int(left.components.seconds) + 1)
        )
    }
}
