package import CollimatorCore

/// What an access decision is about.
///
/// Identifiers are the texts of DICOM UIDs; this module decides about them and does not read them.
package enum AccessResource: Hashable, Sendable {
    /// The service as a whole.
    case service
    case store(StoreName)
    case study(StoreName, studyUID: String)
    case series(StoreName, studyUID: String, seriesUID: String)
    case instance(StoreName, studyUID: String, seriesUID: String, instanceUID: String)

    /// The store that it is in, or is; nil for the service.
    package var store: StoreName? {
        switch self {
        case .service: nil
        case .store(let store), .study(let store, _), .series(let store, _, _), .instance(let store, _, _, _): store
        }
    }

    /// Its kind.
    package var level: Level {
        switch self {
        case .service: .service
        case .store: .store
        case .study: .study
        case .series: .series
        case .instance: .instance
        }
    }

    /// The kinds of things, from the largest to the smallest.
    package enum Level: Int, Sendable, CaseIterable, Comparable {
        case service
        case store
        case study
        case series
        case instance

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }
}
