internal import DICOMFiles
internal import EmulatorStorage
internal import Hummingbird
internal import ImageCodec
internal import NIOCore
internal import NIOHTTP1

extension GoogleError {
    /// What a client is told of an error: ours as it is, Hummingbird's by its status alone, all others as a fault.
    init(_ error: any Error) {
        switch error {
        case let error as GoogleError: self = error
        case let error as ArchiveError: self.init(error)
        case let error as DICOMFileError: self.init(error)
        case let error as ImageCodecError: self.init(error)
        case is NIOTooManyBytesError: self = .bodyTooLarge
        case is HTTPParserError, is CancellationError, is ChannelError: self = .bodyIncomplete
        case let error as any HTTPResponseError:
            self = error.status == .notFound ? .unknownPath : GoogleError(statusOf: error)
        default: self = .fault
        }
    }

    private init(statusOf error: any HTTPResponseError) {
        let status = GoogleStatus(http: error.status.code)
        self.init(status, status == .internalError ? "Internal error encountered." : "The request is not valid.")
    }

    /// Something went wrong here.
    static let fault = GoogleError(.internalError, "Internal error encountered.")
    /// The connection ended, or stopped being HTTP, within the body of the request.
    static let bodyIncomplete = GoogleError(.invalidArgument, "The body of the request is incomplete.")
}
