import AccessControl
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity
import NIOCore
import Synchronization

/// What the OHIF viewer is told: a study as one manifest, and where the DICOMweb of a store is.
struct OHIFController: Sendable {
    let dicomweb: DICOMwebController
    let authorizer: Authorizer
    private let slots = ManifestSlots()

    init(dicomweb: DICOMwebController, authorizer: Authorizer) {
        self.dicomweb = dicomweb
        self.authorizer = authorizer
    }

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/api/v1/stores/{store}/ohif", .dicomWebRead, handler: self.configuration),
            Endpoint(.get, "/api/v1/stores/{store}/studies/{study}/ohif", .dicomWebRead, handler: self.manifest),
        ]
    }

    /// The DICOMweb data source of a store, in the form that OHIF's `dicomwebproxy` reads.
    @Sendable private func configuration(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) throws -> Response {
        try QueryParameters.refuseAny(request)
        let name = target.store.name
        let source = OHIFDataSource(
            store: name,
            origin: self.dicomweb.origin(of: request),
            allowsUpload: self.authorizer.decide(context.caller.principal, .dicomWebWrite, on: .store(name)).isAllowed
        )
        return jsonAnswer(
            .object([("servers", .object([("dicomWeb", .array([source.json]))]))]),
            to: request
        )
    }

    @Sendable private func manifest(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let bytes = try await self.slots.use {
            try await self.read(target, origin: self.dicomweb.origin(of: request), for: context.reading)
        }
        return jsonAnswer(encoded: bytes, to: request)
    }

    /// Reads the metadata of the study from the upstream, instance by instance.
    private func read(_ target: StudyTarget, origin: String, for call: UpstreamCall) async throws -> [UInt8] {
        let upstream = target.store.upstream
        let headers: HTTPFields = [.accept: "application/dicom+json"]
        let answer = try await upstream.exchange(
            UpstreamRequest(.get, "\(target.path)/metadata", headers: headers),
            call
        )
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: .dataSets)
        let ours = "\(origin)/dicomweb/\(target.store.name)"
        var replacer = ByteReplacer(replacing: try await upstream.rootURL(), by: ours)
        var items = JSONArrayItems(itemBytesMax: OHIFManifest.instanceBytesMax)
        var manifest = OHIFManifest(of: target.address, origin: origin)
        var share = ThreadShare()
        do {
            for try await chunk in answer.body {
                try items.append(replacer.append(chunk)) { try manifest.append(DICOMJSON.dataSet(from: $0)) }
                await share.spend(chunk.readableBytes)
            }
            try items.append(replacer.finish()) { try manifest.append(DICOMJSON.dataSet(from: $0)) }
            try items.finish()
        } catch JSONArrayItems.Fault.itemTooLong {
            throw OHIFManifest.tooLarge
        } catch let fault as JSONArrayItems.Fault {
            throw CollimatorError(.upstreamInvalid, "upstream: metadata that is no list of data sets", cause: fault)
        } catch let fault as DICOMJSONError {
            throw CollimatorError(.upstreamInvalid, "upstream: metadata that is no DICOM JSON", cause: fault)
        }
        guard !manifest.isEmpty else {
            throw CollimatorError(.notFound, "the store has no instance of this study")
        }
        return manifest.encoded()
    }
}

/// How many manifests are made at the same time: each is held whole, for its tag.
private final class ManifestSlots: Sendable {
    static let countMax = 4

    private let taken = Mutex(0)

    /// Runs the body where there is a slot; throws `unavailable` where there is none.
    func use<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isFree = self.taken.withLock { taken in
            guard taken < Self.countMax else { return false }
            taken += 1
            return true
        }
        guard isFree else {
            throw CollimatorError(
                .unavailable,
                "too many manifests are being made",
                publicDetail: "Too many manifests are being made; ask again a little later.",
                retryAfterSeconds: 2
            )
        }
        defer { self.taken.withLock { $0 -= 1 } }

        return try await body()
    }
}
