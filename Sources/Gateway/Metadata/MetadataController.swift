import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// The attributes of all instances of a study or series, or of one, as DICOM JSON streamed from the upstream.
///
/// Addresses of large values lead to this service's DICOMweb tree. It may be long: only one that is within
/// ``GatewayLimits/heldListBytesMax`` is known before it is sent and has a tag of its bytes. Where the upstream gives a tag
/// that one is passed on, as a weak one.
struct MetadataController: Sendable {
    private static let study = "/api/v1/stores/{store}/studies/{study}"
    private static let series = "\(study)/series/{series}"
    private static let instance = "\(series)/instances/{instance}"

    let dicomweb: DICOMwebController

    var endpoints: [Endpoint] {
        [
            self.endpoint(Self.study, reach: .permitted) { (target: StudyTarget) in target.path },
            self.endpoint(Self.series) { (target: SeriesTarget) in target.path },
            self.endpoint(Self.instance) { (target: InstanceTarget) in target.path },
        ]
    }

    private func endpoint<Target: StoreBoundTarget>(
        _ template: String,
        reach: AccessGate.Reach = .whole,
        _ path: @escaping @Sendable (Target) -> String
    ) -> Endpoint {
        Endpoint(
            .get,
            "\(template)/metadata",
            .dicomWebRead,
            reach: reach,
            offersHead: false
        ) { request, context, target in
            let target: Target = target
            return try await self.metadata(at: path(target), of: target, request: request, context: context)
        }
    }

    private func metadata(
        at path: String,
        of target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        var head = request.head
        head.headerFields[.accept] = "application/dicom+json"
        var response = try await self.dicomweb.retrieve(
            "\(path)/metadata",
            .dataSets,
            in: target,
            request: Request(head: head, body: request.body),
            context: context
        )
        response.headers[.cacheControl] = "private, no-cache"
        response.headers[.vary] = varyByCaller
        return response
    }
}
