import AccessControl
import CollimatorCore
import DICOMweb
import Hummingbird

/// What a path names, parsed: a handler receives identifiers as types and never the text of the path.
protocol RouteTarget: Sendable {
    /// Throws `not-found` for a store that is not configured and `invalid-input` for what is no DICOM identifier.
    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError)

    /// What the access decision is about.
    var resource: AccessResource { get }
}

/// The service as a whole.
struct ServiceTarget: RouteTarget {
    let resource = AccessResource.service

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {}
}

/// A configured store.
struct StoreTarget: RouteTarget {
    let store: GatewayStore

    var resource: AccessResource { .store(self.store.name) }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard let text = parameters["store"], let name = StoreName(text), let store = stores[name] else {
            throw CollimatorError(.notFound, "no store of this name is configured")
        }
        self.store = store
    }
}

/// A study in a configured store.
struct StudyTarget: RouteTarget {
    let store: GatewayStore
    let study: StudyUID

    var resource: AccessResource { .study(self.store.name, studyUID: self.study.rawValue) }

    /// The path below the DICOMweb root.
    var path: String { "studies/\(self.study.rawValue)" }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        self.store = try StoreTarget(parameters: parameters, stores: stores).store
        guard let text = parameters["study"], let study = StudyUID(text) else {
            throw CollimatorError(
                .invalidInput,
                "the study in the path is no UID",
                publicDetail: "The study in the path is not a DICOM UID."
            )
        }
        self.study = study
    }
}

/// A series of a study in a configured store.
struct SeriesTarget: RouteTarget {
    let parent: StudyTarget
    let series: SeriesUID

    var store: GatewayStore { self.parent.store }

    var resource: AccessResource {
        .series(self.store.name, studyUID: self.parent.study.rawValue, seriesUID: self.series.rawValue)
    }

    /// The path below the DICOMweb root.
    var path: String { "\(self.parent.path)/series/\(self.series.rawValue)" }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        self.parent = try StudyTarget(parameters: parameters, stores: stores)
        guard let text = parameters["series"], let series = SeriesUID(text) else {
            throw CollimatorError(
                .invalidInput,
                "the series in the path is no UID",
                publicDetail: "The series in the path is not a DICOM UID."
            )
        }
        self.series = series
    }
}

/// An instance of a series in a configured store.
struct InstanceTarget: RouteTarget {
    let parent: SeriesTarget
    let instance: InstanceUID

    var store: GatewayStore { self.parent.store }

    var resource: AccessResource {
        .instance(
            self.store.name,
            studyUID: self.parent.parent.study.rawValue,
            seriesUID: self.parent.series.rawValue,
            instanceUID: self.instance.rawValue
        )
    }

    /// The path below the DICOMweb root.
    var path: String { "\(self.parent.path)/instances/\(self.instance.rawValue)" }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        self.parent = try SeriesTarget(parameters: parameters, stores: stores)
        guard let text = parameters["instance"], let instance = InstanceUID(text) else {
            throw CollimatorError(
                .invalidInput,
                "the instance in the path is no UID",
                publicDetail: "The instance in the path is not a DICOM UID."
            )
        }
        self.instance = instance
    }
}
