import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore

/// The administrative methods of the Healthcare API that pass to the upstream as they are: locations, datasets,
/// operations, and what one store is asked.
struct CloudAdministrationController: Sendable {
    static let locations = "/v1/projects/{project}/locations"
    static let datasets = "\(locations)/{location}/datasets"
    static let dataset = "\(datasets)/{dataset}"
    static let store = "\(dataset)/dicomStores/{store}"
    private static let operations = "\(dataset)/operations"

    /// The longest body of an administrative request, in bytes.
    static let bodyBytesMax = 1024 * 1024

    let limits: GatewayLimits

    var endpoints: [Endpoint] {
        self.locationMethods + self.datasetMethods + self.operationMethods + self.storeMethods
    }

    private var locationMethods: [Endpoint] {
        [
            self.passing(.get, Self.locations, .locationsList, as: CloudLocationTarget.self),
            self.passing(.get, "\(Self.locations)/{location}", .locationsGet, as: CloudLocationTarget.self),
        ]
    }

    private var datasetMethods: [Endpoint] {
        [
            self.passing(.get, Self.datasets, .datasetsList, as: CloudLocationTarget.self, suffix: "/datasets"),
            self.passing(.post, Self.datasets, .datasetsCreate, as: CloudLocationTarget.self, suffix: "/datasets"),
            self.passing(.get, Self.dataset, .datasetsGet, as: CloudDatasetTarget.self),
            self.passing(.patch, Self.dataset, .datasetsUpdate, as: CloudDatasetTarget.self),
        ]
    }

    private var operationMethods: [Endpoint] {
        let operation = "\(Self.operations)/{operation}"
        return [
            self.passing(.get, Self.operations, .operationsList, as: CloudDatasetTarget.self, suffix: "/operations"),
            self.passing(.get, operation, .operationsGet, as: CloudOperationTarget.self),
            self.passing(
                .post,
                "\(operation):cancel",
                .operationsCancel,
                as: CloudOperationTarget.self,
                suffix: ":cancel"
            ),
        ]
    }

    private var storeMethods: [Endpoint] {
        [
            self.passing(.get, Self.store, .storesGet, as: CloudStoreTarget.self),
            self.passing(.patch, Self.store, .storesUpdate, as: CloudStoreTarget.self),
            self.verb(.get, ":getDICOMStoreMetrics", .storesGet),
            self.verb(.post, ":import", .storesImport),
            self.verb(.post, ":export", .storesExport),
            self.verb(.get, ":getIamPolicy", .storesGetIAMPolicy),
            self.verb(.post, ":setIamPolicy", .storesSetIAMPolicy),
            // It tells what the credential of this service may do.
            self.verb(.post, ":testIamPermissions", .storesGetIAMPolicy),
            self.verb(.post, ":setBlobStorageSettings", .storageSettings),
        ]
    }

    private func verb(_ method: HTTPRequest.Method, _ verb: String, _ permission: Permission) -> Endpoint {
        self.passing(method, "\(Self.store)\(verb)", permission, as: CloudStoreTarget.self, suffix: verb)
    }

    private func passing<Target: CloudTarget>(
        _ method: HTTPRequest.Method,
        _ template: String,
        _ permission: Permission,
        as: Target.Type,
        suffix: String = ""
    ) -> Endpoint {
        Endpoint(method, template, permission, offersHead: false) { request, context, target in
            let target: Target = target
            var upstream = UpstreamRequest(method, target.path + suffix)
            upstream.query = try CloudQuery(parsing: request.uri.query).text
            upstream.headers[.accept] = "application/json"
            if method != .get {
                upstream.headers[.contentType] = "application/json"
                upstream.body = .bytes(try await CloudBody.read(request))
            }
            let answer = try await target.healthcare.exchange(upstream, context.call(permission))
            try HealthcareUpstream.refuseCredentialFailure(answer.status)
            guard method == .get else { return try cloudAnswer(answer) }
            return try await cloudReading(answer, holding: self.limits.heldListBytesMax, to: request)
        }
    }
}

/// The body of an administrative request.
enum CloudBody {
    /// Reads it whole; none at all is an empty object, as Google's services take it.
    static func read(_ request: Request) async throws -> [UInt8] {
        let body = try UploadBody(request, bytesMax: CloudAdministrationController.bodyBytesMax)
        var bytes: [UInt8] = []
        for try await chunk in body.chunks { bytes.append(contentsOf: chunk.readableBytesView) }
        return bytes.isEmpty ? Array("{}".utf8) : bytes
    }
}
