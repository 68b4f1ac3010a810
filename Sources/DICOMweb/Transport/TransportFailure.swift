import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sorts the errors of the HTTP client.
enum TransportFailure {
    /// What the error means to a caller: ``DICOMwebError``, `CancellationError`, or the error of the caller's own stream.
    static func translate(_ error: any Error) -> any Error {
        switch error {
        case let failure as SourceFailure: failure.cause
        case is CancellationError: error
        case is DICOMwebError: error
        case let error as HTTPClientError: Self.translate(error)
        case is HTTPParserError: DICOMwebError.invalidAnswer(.truncated)
        default: DICOMwebError.transport
        }
    }

    private static func translate(_ error: HTTPClientError) -> any Error {
        switch error {
        case .cancelled: CancellationError()
        case .deadlineExceeded, .readTimeout, .writeTimeout: DICOMwebError.timeout
        case .bodyLengthMismatch, .invalidURL, .emptyHost: DICOMwebError.invalidRequest
        default: DICOMwebError.transport
        }
    }

    /// Whether the connection was certainly not made, so that the server has seen nothing.
    static func isUnsent(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError: true
        case let error as IOError: error.errnoCode == ECONNREFUSED
        case let error as HTTPClientError:
            [.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout].contains(error)
        default: false
        }
    }
}
