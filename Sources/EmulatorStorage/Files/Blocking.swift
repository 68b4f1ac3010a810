internal import CollimatorCore
internal import NIOPosix

/// Runs the closure and turns whatever it throws into an error of the archive.
nonisolated(nonsending) func archiveErrors<Answer>(
    _ body: nonisolated(nonsending) () async throws -> Answer
) async throws(ArchiveError) -> Answer {
    do {
        return try await body()
    } catch {
        throw ArchiveError(error)
    }
}

extension ArchiveError {
    /// The error of the archive that stands for another module's.
    init(_ error: any Error) {
        switch error {
        case let error as ArchiveError: self = error
        case is CancellationError: self = .cancelled
        case let error as CollimatorError: self = Self(error.code)
        case is NIOThreadPoolError.ThreadPoolInactive: self = .closed
        default: self = .internalFault
        }
    }

    private init(_ code: CollimatorError.Code) {
        switch code {
        case .insufficientStorage: self = .diskFull
        case .unavailable: self = .closed
        default: self = .internalFault
        }
    }
}
