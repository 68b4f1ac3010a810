internal import DICOMFiles
internal import EmulatorStorage
internal import HTTPTypes
internal import ImageCodec

extension GoogleError {
    /// A study, series or instance that is not there.
    static func notFound(_ scope: InstanceScope) -> GoogleError {
        if scope.instance != nil { return GoogleError(.notFound, "DICOM instance does not exist.") }
        if scope.series != nil { return GoogleError(.notFound, "DICOM series does not exist.") }
        return GoogleError(.notFound, "DICOM study does not exist.")
    }

    static let noPixelData = GoogleError(.failedPrecondition, "no PixelData found in requested instance")

    /// None of the accepted media types and transfer syntaxes can be given.
    static let notAcceptable = GoogleError(
        .notAcceptable,
        "None of the accepted media types and transfer syntaxes can be given for the requested resource."
    )

    /// What a client is told of a file that cannot be read as it asks.
    init(_ error: DICOMFileError) {
        switch error.code {
        case .unsupportedTransferSyntax: self = .notAcceptable
        case .noPixelData: self = .noPixelData
        case .frameOutOfRange: self.init(.invalidArgument, "The frame number is out of range.")
        case .noSuchElement: self.init(.notFound, "There is no bulk data at the path.")
        case .undecodable, .truncated, .notDICOM, .missingIdentity, .invalidIdentity:
            self.init(.failedPrecondition, "The pixel data of the instance cannot be decoded.")
        case .tooLarge: self.init(.failedPrecondition, "The pixel data of the instance is too large to be decoded.")
        case .outOfMemory: self.init(.unavailable, "The service is busy; try again.", headers: [.retryAfter: "1"])
        case .diskFull: self = GoogleError(ArchiveError.diskFull)
        case .io, .internalError: self = .fault
        }
    }

    /// What a client is told of a picture that cannot be made.
    init(_ error: ImageCodecError) {
        switch error {
        case .overloaded, .shutDown:
            self.init(.unavailable, "The service is busy; try again.", headers: [.retryAfter: "1"])
        case .invalidRaster, .invalidSize, .tooLarge:
            self.init(.failedPrecondition, "The picture of the instance is too large to be rendered.")
        case .cancelled: self = .bodyIncomplete
        default: self = .fault
        }
    }
}
