package import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import ImageCodec
package import Imaging

extension ImagingUpstream {
    /// What the making of pictures asks: the catalog for series, the stores for the rest, with the service's own right.
    package init(stores: StoreDirectory, catalog: StudyCatalog, limits: GatewayLimits = GatewayLimits()) {
        let source = PictureSource(stores: stores, catalog: catalog, limits: limits)
        self.init(
            series: { place in try await translated { try await source.series(place) } },
            instances: { place, series in try await translated { try await source.instances(place, series) } },
            metadata: { address in try await translated { try await source.metadata(address) } },
            picture: { request in try await translated { try await source.picture(request) } },
            showsBurnedIn: { store in stores[store]?.showsBurnedInPictures ?? false }
        )
    }
}

/// Errors of any kind as ours, so that they can be remembered.
private func translated<Output>(_ work: () async throws -> Output) async throws -> Output {
    do {
        return try await work()
    } catch {
        throw collimatorError(for: error)
    }
}

/// The searches and exchanges behind ``ImagingUpstream``.
struct PictureSource: Sendable {
    let stores: StoreDirectory
    let catalog: StudyCatalog
    let limits: GatewayLimits

    /// The longest picture that is read, in bytes; what a display can show is far below.
    static let bytesMax = 64 * 1024 * 1024

    private static let call = UpstreamCall(tier: .read, principal: nil)

    func series(_ place: StudyPlace) async throws -> [SeriesDescription] {
        let store = try self.store(place)
        guard try await self.catalog.study(place.study, in: place.store) != nil else {
            throw CollimatorError(.notFound, "the store has no study of this UID")
        }
        let known = try await self.catalog.series(of: place.study, in: place.store)
        guard known.isEmpty else {
            return known.map {
                SeriesDescription(series: $0.series, attributes: $0.attributes, instanceCount: $0.instanceCount)
            }
        }
        // Where the catalog knows the study and none of its series, the store is asked.
        var search = UpstreamSearch(.series(of: place.study), limit: StudyParts.pageSize)
        search.includedFields = [.seriesNumber]
        let found = try await UpstreamPages.all(
            search,
            max: StudyParts.seriesMax,
            uid: .seriesInstanceUID,
            from: store.upstream,
            for: Self.call
        )
        return found.compactMap { row in
            row.string(.seriesInstanceUID).flatMap { SeriesUID($0) }.map {
                SeriesDescription(
                    series: $0,
                    attributes: row,
                    instanceCount: row.integer(.numberOfSeriesRelatedInstances)
                )
            }
        }
    }

    func instances(_ place: StudyPlace, _ series: SeriesUID) async throws -> [DataSet] {
        var search = UpstreamSearch(.instances(of: place.study), limit: StudyParts.pageSize)
        search.matches = [UpstreamSearch.Match(.seriesInstanceUID, series.rawValue)]
        search.includedFields = [.seriesInstanceUID]
        let store = try self.store(place)
        // The Healthcare API gives these anyway, and refuses fields that it does not know at this level.
        if store.kind == .dicomweb { search.includedFields += [.sopClassUID, .instanceNumber, .rows, .columns] }
        let found = try await UpstreamPages.all(
            search,
            max: StudyParts.instancesMax,
            uid: .sopInstanceUID,
            from: store.upstream,
            for: Self.call
        )
        // An upstream that does not know the filter gives the instances of other series.
        return found.filter { $0.string(.seriesInstanceUID) == series.rawValue }
    }

    func metadata(_ address: ImageAddress) async throws -> DataSet {
        var request = UpstreamRequest(
            .get,
            "\(Self.path(address))/metadata",
            headers: [.accept: "application/dicom+json"]
        )
        request.timeout = self.limits.smallAnswerTimeout
        let answer = try await self.store(address.place).upstream.exchange(request, Self.call)
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: .dataSets)
        let found: [DataSet]
        do {
            found = try DICOMJSON.dataSets(from: try await CollectedAnswer(answer).bytes)
        } catch let error as DICOMJSONError {
            throw CollimatorError(.upstreamInvalid, "upstream: metadata is no DICOM JSON", cause: error)
        }
        guard let first = found.first else {
            throw CollimatorError(.notFound, "the store has no such instance")
        }
        guard first.string(.sopInstanceUID) == address.instance.rawValue else {
            throw CollimatorError(.upstreamInvalid, "upstream: metadata of another instance than asked for")
        }
        return first
    }

    func picture(_ wish: PictureRequest) async throws -> [UInt8] {
        let frame = wish.frame.map { "/frames/\($0)" } ?? ""
        var request = UpstreamRequest(
            .get,
            "\(Self.path(wish.address))\(frame)/rendered",
            query: wish.viewport.map { "viewport=\($0)" },
            headers: [.accept: wish.kind.mediaType]
        )
        request.timeout = self.limits.smallAnswerTimeout
        let answer = try await self.store(wish.address.place).upstream.exchange(request, Self.call)
        // Our request is well formed, so that the thing itself is what cannot be rendered.
        guard answer.status != 400 else { throw Self.notRenderable }
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: .pictures)
        return try await CollectedAnswer(answer, upTo: Self.bytesMax).bytes
    }

    private func store(_ place: StudyPlace) throws(CollimatorError) -> GatewayStore {
        guard let store = self.stores[place.store] else {
            throw CollimatorError(.notFound, "no store of this name is configured")
        }
        return store
    }

    /// The path of an instance below the DICOMweb root.
    static func path(_ address: ImageAddress) -> String {
        "studies/\(address.place.study)/series/\(address.series)/instances/\(address.instance)"
    }

    private static var notRenderable: CollimatorError {
        CollimatorError(
            .invalidInput,
            "upstream: bad request for a rendition",
            publicDetail: "The DICOM store cannot render this. The instance tells its kind and how many frames it has."
        )
    }
}
