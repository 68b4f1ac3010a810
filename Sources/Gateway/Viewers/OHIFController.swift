import AccessControl
import Catalog
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
    let judge: any AccessJudge
    private let slots = ManifestSlots()

    init(dicomweb: DICOMwebController, judge: any AccessJudge) {
        self.dicomweb = dicomweb
        self.judge = judge
    }

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/api/v1/stores/{store}/ohif", .dicomWebRead, reach: .listed, handler: self.configuration),
            Endpoint(
                .get,
                "/api/v1/stores/{store}/studies/{study}/ohif",
                .dicomWebRead,
                reach: .permitted,
                handler: self.manifest
            ),
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
            allowsUpload: self.judge.allows(context.caller, .dicomWebWrite, on: .store(name))
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
            try await self.read(target, origin: self.dicomweb.origin(of: request), context)
        }
        return jsonAnswer(encoded: bytes, to: request)
    }

    /// Reads what is permitted of the study's metadata from the upstream, instance by instance.
    private func read(_ target: StudyTarget, origin: String, _ context: CallerContext) async throws -> [UInt8] {
        let request = UpstreamRequest(.get, "\(target.path)/metadata", headers: [.accept: "application/dicom+json"])
        var manifest = OHIFManifest(of: target.address, origin: origin)
        if case .series(let series) = context.part {
            for one in SeriesComposition.requests(request, of: target.study, in: series) {
                let answer = try await target.store.upstream.exchange(one, context.reading)
                guard ![204, 404, 410].contains(answer.status) else { continue }
                try await self.read(answer, of: target, origin: origin, into: &manifest)
            }
        } else {
            let answer = try await target.store.upstream.exchange(request, context.reading)
            try await self.read(answer, of: target, origin: origin, into: &manifest)
        }
        guard !manifest.isEmpty else {
            throw CollimatorError(.notFound, "the store has no instance of this study")
        }
        return manifest.encoded()
    }

    private func read(
        _ answer: UpstreamResponse,
        of target: StudyTarget,
        origin: String,
        into manifest: inout OHIFManifest
    ) async throws {
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: .dataSets)
        let ours = "\(origin)/dicomweb/\(target.store.name)"
        var replacer = ByteReplacer(replacing: try await target.store.upstream.rootURL(), by: ours)
        var items = JSONArrayItems(itemBytesMax: OHIFManifest.instanceBytesMax)
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
