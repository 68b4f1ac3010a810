import Catalog
import CollimatorCore
import DICOMweb

/// The series and instances of a study, asked of the upstream whole: a list with more than a limit is refused.
struct StudyParts: Sendable {
    let target: StudyTarget
    /// What is permitted of it; the rest is left out.
    let part: StudyPart
    let call: UpstreamCall

    /// The most instances that one answer lists; a study with more is refused rather than shown in part.
    static let instancesMax = 20_000
    /// The most series that one answer lists.
    static let seriesMax = 5_000
    /// How many the upstream is asked for at a time; it gives no more than this in one answer.
    static let pageSize = 5_000

    /// The series, or the one of them that is named.
    func series(_ uid: SeriesUID? = nil) async throws -> [DataSet] {
        var search = UpstreamSearch(.series(of: self.target.study), limit: Self.pageSize)
        search.matches = uid.map { [UpstreamSearch.Match(.seriesInstanceUID, $0.rawValue)] } ?? []
        // The Healthcare API refuses a field that it does not keep for a series.
        search.includedFields = [.seriesNumber, .laterality, .seriesDate, .seriesTime]
        if self.target.store.kind == .dicomweb {
            search.includedFields += [.bodyPartExamined, .numberOfSeriesRelatedInstances]
        }
        return try await self.all(search, max: Self.seriesMax, uid: .seriesInstanceUID)
    }

    /// The instances, or those of a series, or the one of them that is named.
    func instances(
        of series: SeriesUID? = nil,
        _ uid: InstanceUID? = nil,
        max: Int = Self.instancesMax,
        fields: [Tag] = [.seriesInstanceUID, .bodyPartExamined]
    ) async throws -> [DataSet] {
        var search = UpstreamSearch(.instances(of: self.target.study), limit: Self.pageSize)
        if let series { search.matches.append(UpstreamSearch.Match(.seriesInstanceUID, series.rawValue)) }
        if let uid { search.matches.append(UpstreamSearch.Match(.sopInstanceUID, uid.rawValue)) }
        search.includedFields = fields
        let found = try await self.all(search, max: max, uid: .sopInstanceUID)
        // An upstream that does not know the filter would give the instances of other series.
        guard series == nil || found.allSatisfy({ $0.string(.seriesInstanceUID) == series?.rawValue }) else {
            throw CollimatorError(.upstreamInvalid, "the upstream gave instances of another series than asked for")
        }
        return found
    }

    private func all(_ search: UpstreamSearch, max: Int, uid: Tag) async throws -> [DataSet] {
        let found = try await UpstreamPages.all(
            search,
            max: max,
            uid: uid,
            from: self.target.store.upstream,
            for: self.call
        )
        switch self.part {
        case .whole: return found
        case .nothing: return []
        case .series(let permitted):
            let names = Set(permitted.map(\.rawValue))
            return found.filter { $0.string(.seriesInstanceUID).map(names.contains) ?? false }
        }
    }
}
