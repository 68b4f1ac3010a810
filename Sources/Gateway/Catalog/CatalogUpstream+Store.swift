package import Catalog
import CollimatorCore
import Cryptography
import DICOMweb

extension CatalogUpstream {
    /// What the catalog asks of a store, by searches (QIDO-RS) with the service's own right to read.
    ///
    /// `rate` bounds how many requests per second that are; nil where nothing does.
    package init(store: GatewayStore, rate: RequestRate? = nil) {
        let search = CatalogSearch(store: store, rate: rate)
        self.init(
            pageSize: search.pageSize,
            studies: { try await search.studies($0) },
            series: { try await search.series($0) },
            study: { try await StudyReading(search: search, study: $0).entry() },
            studyCount: { try await search.count("studyCount") }
        )
        self.references = { try await search.references(of: $1, in: $0) }
        self.instance = { try await search.instance($0) }
        self.instanceCount = { try await search.count("instanceCount") }
        self.rate = rate
        self.settings = "issuer=\(store.issuerOfPatientID ?? "")"
    }
}

/// The searches of the catalog in one store.
struct CatalogSearch: Sendable {
    let store: GatewayStore
    /// Counts every request.
    let rate: RequestRate?

    static let call = UpstreamCall(tier: .read, principal: nil)
    /// Rows of a page: few enough that one in memory is nothing, as many as make the way there worth it.
    private static let healthcarePageSize = 1_000
    /// The same of other servers, some of which read a file for each row.
    private static let pageSize = 500

    var pageSize: Int { self.store.kind == .healthcare ? Self.healthcarePageSize : Self.pageSize }

    /// One page of studies.
    func studies(_ page: UpstreamPage) async throws -> [DataSet] {
        let rows = try await self.search(self.form(.studies, page, CatalogFields.study))
        return rows.map(self.study)
    }

    /// One page of the series of the whole store.
    func series(_ page: UpstreamPage) async throws -> [DataSet] {
        let rows = try await self.search(self.form(.allSeries, page, CatalogFields.series))
        return rows.map(CatalogFields.seriesLevel)
    }

    /// The study as a search shows it; nil where the store does not have it.
    func study(_ study: StudyUID) async throws -> DataSet? {
        var search = self.form(.studies, UpstreamPage(limit: 1), CatalogFields.study)
        search.matches = [UpstreamSearch.Match(.studyInstanceUID, study.rawValue)]
        let rows = try await self.search(search)
        return rows.first { $0.string(.studyInstanceUID) == study.rawValue }.map(self.study)
    }

    /// The instance with its place; nil where the store does not have it.
    func instance(_ instance: InstanceUID) async throws -> StoredInstance? {
        let matches = [UpstreamSearch.Match(.sopInstanceUID, instance.rawValue)]
        let rows = try await self.search(UpstreamSearch(.allInstances, matches: matches, limit: 1))
        guard let row = rows.first, row.string(.sopInstanceUID) == instance.rawValue,
            let study = row.string(.studyInstanceUID).flatMap({ StudyUID($0) }),
            let series = row.string(.seriesInstanceUID).flatMap({ SeriesUID($0) })
        else { return nil }
        return StoredInstance(study: study, series: series, instance: instance)
    }

    /// How many there are in the store, by its metrics, which may be a little behind; nil where nobody says.
    ///
    /// A credential that may search need not be allowed to see the metrics.
    func count(_ name: String) async throws -> Int? {
        guard let healthcare = self.store.healthcare, let resource = self.store.resource else { return nil }
        let path = "\(CloudPath.encoded(resource.description)):getDICOMStoreMetrics"
        self.rate?.made()
        do {
            let metrics = try await healthcare.json(path, Self.call)
            // Nought is left out, as in all JSON of protocol buffers.
            guard let count = metrics[name] else { return 0 }
            return count.text.flatMap { Int($0) }
        } catch let error as CollimatorError where error.code == .notFound {
            return nil
        }
    }

    func search(_ search: UpstreamSearch) async throws -> [DataSet] {
        self.rate?.made()
        return try await self.store.upstream.search(search, Self.call)
    }

    /// A search for everything in the window.
    func form(_ scope: UpstreamSearch.Scope, _ page: UpstreamPage, _ fields: [Tag]) -> UpstreamSearch {
        var search = UpstreamSearch(scope, limit: page.limit, offset: page.offset)
        if let window = page.window {
            search.matches = [UpstreamSearch.Match(.studyDate, "\(Self.day(window.from))-\(Self.day(window.to))")]
        }
        // The Healthcare API gives everything when asked to; others are asked by name, so that they compute it.
        search.includesAllFields = self.store.kind == .healthcare
        if !search.includesAllFields { search.includedFields = fields }
        return search
    }

    /// `YYYYMMDD`.
    private static func day(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
    }

    /// The study with the store's issuer, where it has none of its own.
    private func study(_ row: DataSet) -> DataSet {
        var row = row
        row.remove(.retrieveURL)
        if row.string(.issuerOfPatientID) == nil, let issuer = self.store.issuerOfPatientID {
            row.set(.issuerOfPatientID, issuer)
        }
        return row
    }
}
