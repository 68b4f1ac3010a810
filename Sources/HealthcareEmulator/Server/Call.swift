internal import CollimatorCore
internal import DICOMweb
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// One request on its way through a handler: its parts, decoded and checked when they are asked for.
struct Call: Sendable {
    let request: Request
    let context: EmulatorContext
    let query: QueryParameters
    let limits: EmulatorLimits
    /// `http://host:port`, as the client wrote it: what URLs in answers begin with.
    let origin: String

    var logger: Logger { self.context.logger }
    var headers: HTTPFields { self.request.headers }

    /// A path parameter, decoded once.
    func parameter(_ name: String) throws(GoogleError) -> String {
        guard let raw = self.context.parameters.get(name), let text = PercentEncoding.decode(raw) else {
            throw .malformedPath
        }
        return text
    }

    // MARK: Resource names

    func project() throws(GoogleError) -> String {
        try self.location().project
    }

    /// Project and location; the dataset in it is a stand-in that passes the check of identifiers.
    func location() throws(GoogleError) -> DatasetName {
        let location = self.context.parameters.get("location") == nil ? "-" : try self.parameter("location")
        guard let name = DatasetName(project: try self.parameter("project"), location: location, dataset: "-") else {
            throw GoogleError(.invalidArgument, "The project or location identifier is not valid.")
        }
        return name
    }

    func dataset() throws(GoogleError) -> DatasetName {
        let parent = try self.location()
        let dataset = try self.parameter("dataset")
        guard let name = DatasetName(project: parent.project, location: parent.location, dataset: dataset) else {
            throw GoogleError(.invalidArgument, "The dataset identifier is not valid.")
        }
        return name
    }

    func store() throws(GoogleError) -> DICOMStoreName {
        guard let name = DICOMStoreName(dataset: try self.dataset(), store: try self.parameter("store")) else {
            throw GoogleError(.invalidArgument, "The DICOM store identifier is not valid.")
        }
        return name
    }

    // MARK: UIDs

    func study() throws(GoogleError) -> StudyUID {
        guard let uid = StudyUID(try self.parameter("study")) else {
            throw GoogleError(.invalidArgument, "The Study Instance UID in the path is not valid.")
        }
        return uid
    }

    func series() throws(GoogleError) -> SeriesUID {
        guard let uid = SeriesUID(try self.parameter("series")) else {
            throw GoogleError(.invalidArgument, "The Series Instance UID in the path is not valid.")
        }
        return uid
    }

    func instance() throws(GoogleError) -> InstanceUID {
        guard let uid = InstanceUID(try self.parameter("instance")) else {
            throw GoogleError(.invalidArgument, "The SOP Instance UID in the path is not valid.")
        }
        return uid
    }
}
