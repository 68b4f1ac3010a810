internal import EmulatorStorage
internal import HTTPTypes

extension GoogleError {
    /// What a client is told of a failure of the archive.
    init(_ error: ArchiveError) {
        switch error {
        case .alreadyExists: self = .alreadyExists
        case .datasetNotFound: self.init(.notFound, "The dataset does not exist.")
        case .storeNotFound: self.init(.notFound, "The DICOM store does not exist.")
        case .notFound: self.init(.notFound, "The requested resource does not exist.")
        case .changed: self.init(.aborted, "The resource was changed at the same time; read it and try again.")
        case .diskFull: self.init(.insufficientStorage, "There is no room left to store this.")
        case .cancelled: self = .bodyIncomplete
        case .closed: self.init(.unavailable, "The service is shutting down.", headers: [.retryAfter: "1"])
        case .tooManyOpenFiles:
            self.init(.unavailable, "The service is busy; try again.", headers: [.retryAfter: "1"])
        case .inUse, .newerFormat, .io, .internalFault: self = .fault
        }
    }

    static let alreadyExists = GoogleError(
        .alreadyExists,
        "already exists",
        details: [
            [
                "@type": "type.googleapis.com/google.rpc.DebugInfo",
                "detail": "[ORIGINAL ERROR] generic::already_exists: already exists",
            ]
        ]
    )
}
