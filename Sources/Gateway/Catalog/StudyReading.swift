import Catalog
import CollimatorCore
import DICOMweb

/// Reads one study for the catalog: as a search shows it, its series, and what its instances say of it.
///
/// Instances come in pages that are counted and dropped, so that a study of thousands of slices needs no more memory
/// than a small one. Three searches read a study of up to ``instancesPerPage`` instances, where the server gives full pages
/// or the study says how many series and instances it has (PS3.18 §10.6.3.3 has every server say so).
struct StudyReading: Sendable {
    let search: CatalogSearch
    let study: StudyUID

    /// Rows of a page of instances.
    private static let instancesPerPage = 2_000
    /// The most instances that are counted; a study of more has no count, and variants only of these.
    private static let instancesMax = 100_000
    /// The most series of a study that are kept.
    private static let seriesMax = 10_000
    /// The most pages that are asked for; a server that makes more of them is taken for broken.
    private static let pagesMax = 1_000

    /// Nil where the store does not have it.
    func entry() async throws -> StudyEntry? {
        guard let attributes = try await self.search.study(self.study) else { return nil }
        do {
            let series = try await self.series(of: attributes)
            return try await self.entry(attributes, series)
        } catch DICOMwebError.notFound {
            // It has gone in between.
            return nil
        }
    }

    private func entry(_ attributes: DataSet, _ series: [(series: SeriesUID, row: DataSet)]) async throws -> StudyEntry
    {
        let census = try await self.census(of: attributes)
        var attributes = attributes
        if let issuer = census.issuer { attributes.set(.issuerOfPatientID, issuer) }
        return StudyEntry(
            study: self.study,
            attributes: attributes,
            variants: census.variants(of: attributes),
            series: series.map { series, row in
                SeriesEntry(
                    series: series,
                    attributes: row,
                    instanceCount: census.isComplete ? census.counts[series] ?? 0 : nil
                )
            }
        )
    }

    private func series(of study: DataSet) async throws -> [(series: SeriesUID, row: DataSet)] {
        let total = study.integer(.numberOfStudyRelatedSeries)
        var found: [SeriesUID: DataSet] = [:]
        try await self.eachPage(.series(of: self.study), CatalogFields.series, limit: self.search.pageSize) { rows in
            var isNew = false
            for row in rows {
                guard let series = row.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }) else { continue }
                var attributes = CatalogFields.seriesLevel(row)
                attributes.set(.studyInstanceUID, self.study.rawValue)
                isNew = found.updateValue(attributes, forKey: series) == nil || isNew
            }
            return isNew && found.count < Self.seriesMax && found.count != total
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func census(of attributes: DataSet) async throws -> InstanceCensus {
        let total = attributes.integer(.numberOfStudyRelatedInstances)
        var census = InstanceCensus()
        let fields = CatalogFields.shared + CatalogFields.place
        try await self.eachPage(.instances(of: self.study), fields, limit: Self.instancesPerPage) { rows in
            var isNew = false
            for row in rows { isNew = census.count(row) || isNew }
            guard census.total < Self.instancesMax else {
                census.isComplete = false
                return false
            }
            return isNew && census.total != total
        }
        return census
    }

    /// Gives page after page until one is empty, brings all that is missing or nothing new, or is the last by the server's
    /// word.
    private func eachPage(
        _ scope: UpstreamSearch.Scope,
        _ fields: [Tag],
        limit: Int,
        _ take: ([DataSet]) -> Bool
    ) async throws {
        var offset = 0
        for _ in 0..<Self.pagesMax {
            var search = self.search.form(scope, UpstreamPage(limit: limit, offset: offset), fields)
            if case .instances = scope {
                // Everything of an instance would be its whole header.
                search.includesAllFields = false
                search.includedFields = fields
            }
            let rows = try await self.search.search(search)
            guard !rows.isEmpty, take(rows) else { return }
            offset += rows.count
            if self.search.store.upstream.givesFullPages, rows.count < limit { return }
        }
    }
}

/// What the instances of a study say: how many there are of each series, and where they disagree about the study.
struct InstanceCensus: Sendable {
    private(set) var counts: [SeriesUID: Int] = [:]
    private(set) var total = 0
    /// Whether every instance was counted.
    var isComplete = true
    /// The distinct descriptions of the study, and of how many instances each is.
    private var descriptions: [DataSet: Int] = [:]
    private var instances: Set<String> = []

    /// The most descriptions that are told apart.
    private static let descriptionsMax = 64

    /// Takes an instance in; false for one that was there before.
    mutating func count(_ row: DataSet) -> Bool {
        guard let instance = row.string(.sopInstanceUID), self.instances.insert(instance).inserted else { return false }
        self.total += 1
        if let series = row.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }) {
            self.counts[series, default: 0] += 1
        }
        var description = DataSet()
        for tag in CatalogFields.shared {
            guard let element = row[tag], row.string(tag)?.isEmpty == false || row.personName(tag) != nil else {
                continue
            }
            description[tag] = element
        }
        if self.descriptions[description] != nil || self.descriptions.count < Self.descriptionsMax {
            self.descriptions[description, default: 0] += 1
        }
        return true
    }

    /// The issuer of the patient ID that most instances name; of equals the first in order.
    var issuer: String? {
        var votes: [String: Int] = [:]
        for (description, count) in self.descriptions {
            if let issuer = description.string(.issuerOfPatientID) { votes[issuer, default: 0] += count }
        }
        return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    /// What instances say otherwise than the study, each once and in a fixed order.
    func variants(of study: DataSet) -> [DataSet] {
        var variants: Set<DataSet> = []
        for description in self.descriptions.keys {
            var variant = description
            for tag in description.tags where description[tag]?.values == study[tag]?.values { variant.remove(tag) }
            if !variant.isEmpty { variants.insert(variant) }
        }
        return variants.sorted { first, second in
            DICOMJSON.encode(first).lexicographicallyPrecedes(DICOMJSON.encode(second))
        }
    }
}
