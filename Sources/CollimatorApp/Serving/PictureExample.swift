import DICOMweb
import Logging
import Telemetry

/// An instance whose picture is worth looking at, for the commands that a start shows.
struct PictureExample: Sendable {
    let reference: InstanceReference

    /// The path of its picture in the gateway's JSON tree.
    var path: String {
        let instance =
            "studies/\(self.reference.study)/series/\(self.reference.series)"
            + "/instances/\(self.reference.instance)"
        return "/api/v1/stores/radiology/\(instance)/rendered"
    }

    /// How many series are looked at.
    private static let seriesMax = 6

    /// The middle of the longest of a few CT series; nil where there is none or the archive does not say.
    static func find(_ client: DICOMwebClient, logger: Logger) async -> PictureExample? {
        await allowFailure("no picture to propose", logger: logger) {
            let series = try await client.searchSeries(
                SearchQuery.matching(.modality, "CT").limited(to: Self.seriesMax)
            )
            var longest: [DataSet] = []
            for one in series {
                guard let study = one.string(.studyInstanceUID).flatMap({ StudyUID($0) }),
                    let uid = one.string(.seriesInstanceUID).flatMap({ SeriesUID($0) })
                else { continue }
                let instances = try await client.searchInstances(
                    of: .series(study, uid),
                    SearchQuery().including(.fields([.studyInstanceUID, .seriesInstanceUID]))
                )
                if instances.count > longest.count { longest = instances }
            }
            let sorted = longest.sorted { ($0.integer(.instanceNumber) ?? 0) < ($1.integer(.instanceNumber) ?? 0) }
            guard !sorted.isEmpty else { return nil }
            return InstanceReference(sorted[sorted.count / 2]).map(PictureExample.init)
        } ?? nil
    }
}
