import AccessControl
import CollimatorCore
import DICOMweb
import Hummingbird

/// Something that the Healthcare API has a name for, in a project of the configured stores.
///
/// What is in another project, or a store that is not configured, is not found, whether or not the upstream has it:
/// the upstream is not asked.
protocol CloudTarget: RouteTarget {
    /// Its path below `/v1/`, percent-encoded.
    var path: String { get }
    var healthcare: HealthcareUpstream { get }
}

/// A project, or a location in it.
struct CloudLocationTarget: CloudTarget {
    let path: String
    let healthcare: HealthcareUpstream
    let resource = AccessResource.service

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        let project = try cloudName("project", in: parameters)
        var name = "projects/\(project)/locations"
        if parameters["location"] != nil {
            let location = try cloudName("location", in: parameters)
            // The names of datasets hold what the names of projects and locations may be.
            guard DatasetName(project: project, location: location, dataset: "d") != nil else {
                throw CollimatorError(.notFound, "the name of the location is none")
            }
            name += "/\(location)"
        }
        self.path = CloudPath.encoded(name)
        self.healthcare = try stores.healthcare(project: project, dataset: nil)
    }
}

/// A dataset, whether it is there or not.
struct CloudDatasetTarget: CloudTarget {
    let name: DatasetName
    let healthcare: HealthcareUpstream
    let resource = AccessResource.service

    var path: String { CloudPath.encoded(self.name.description) }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard
            let name = DatasetName(
                project: try cloudName("project", in: parameters),
                location: try cloudName("location", in: parameters),
                dataset: try cloudName("dataset", in: parameters)
            )
        else { throw CollimatorError(.notFound, "the name of the dataset is none") }
        self.name = name
        self.healthcare = try stores.healthcare(project: name.project, dataset: name)
    }
}

/// An operation of a dataset.
struct CloudOperationTarget: CloudTarget {
    let path: String
    let healthcare: HealthcareUpstream
    let resource = AccessResource.service

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        let dataset = try CloudDatasetTarget(parameters: parameters, stores: stores)
        guard let id = parameters["operation"], UpstreamOperation.isID(id) else {
            throw CollimatorError(.notFound, "the name of the operation is none")
        }
        self.path = "\(dataset.path)/operations/\(id)"
        self.healthcare = dataset.healthcare
    }
}

/// A configured DICOM store by its resource name, or a study, a series or an instance in it.
struct CloudStoreTarget: CloudTarget, StoreBoundTarget {
    let store: GatewayStore
    let name: DICOMStoreName
    let healthcare: HealthcareUpstream
    let study: StudyUID?
    let series: SeriesUID?
    let instance: InstanceUID?

    var path: String { CloudPath.encoded(self.name.description) }

    /// The path below the DICOMweb root, empty for the store itself.
    var archivePath: String {
        var path = self.study.map { "studies/\($0.rawValue)" } ?? ""
        if let series = self.series { path += "/series/\(series.rawValue)" }
        if let instance = self.instance { path += "/instances/\(instance.rawValue)" }
        return path
    }

    var resource: AccessResource {
        let store = self.store.name
        guard let study = self.study?.rawValue else { return .store(store) }
        guard let series = self.series?.rawValue else { return .study(store, studyUID: study) }
        guard let instance = self.instance?.rawValue else {
            return .series(store, studyUID: study, seriesUID: series)
        }
        return .instance(store, studyUID: study, seriesUID: series, instanceUID: instance)
    }

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        let dataset = try CloudDatasetTarget(parameters: parameters, stores: stores)
        guard let name = DICOMStoreName(dataset: dataset.name, store: try cloudName("store", in: parameters)),
            let store = stores[name], let healthcare = store.healthcare
        else { throw CollimatorError(.notFound, "no store of this resource name is configured") }
        self.store = store
        self.name = name
        self.healthcare = healthcare
        self.study = try Self.uid("study", in: parameters, StudyUID.init)
        self.series = try Self.uid("series", in: parameters, SeriesUID.init)
        self.instance = try Self.uid("instance", in: parameters, InstanceUID.init)
    }

    private static func uid<UID>(
        _ name: String,
        in parameters: Parameters,
        _ parse: (Substring) -> UID?
    ) throws(CollimatorError) -> UID? {
        guard let text = parameters[name[...]] else { return nil }
        guard let uid = parse(text) else {
            throw CollimatorError(
                .invalidInput,
                "an identifier in the path is no UID",
                publicDetail: "The path has a part that is not a DICOM UID."
            )
        }
        return uid
    }
}

/// One segment of a resource name, decoded; what does not decode, or is dots alone, names nothing.
private func cloudName(_ parameter: String, in parameters: Parameters) throws(CollimatorError) -> String {
    guard let text = parameters[parameter[...]].flatMap({ PercentEncoding.decode($0) }), !text.isEmpty,
        !text.allSatisfy({ $0 == "." }), !text.contains("/")
    else { throw CollimatorError(.notFound, "a part of the resource name is none") }
    return text
}

extension StoreDirectory {
    /// The administrative side for a dataset: that of a store in it, else of one in the same project.
    ///
    /// - Throws: `not-found` for a project in which no store is configured.
    fileprivate func healthcare(project: String, dataset: DatasetName?) throws(CollimatorError) -> HealthcareUpstream {
        let candidates = self.all.filter { $0.resource?.dataset.project == project && $0.healthcare != nil }
        let chosen = candidates.first { $0.resource?.dataset == dataset } ?? candidates.first
        guard let healthcare = chosen?.healthcare else {
            throw CollimatorError(.notFound, "no store is configured in this project")
        }
        return healthcare
    }
}
