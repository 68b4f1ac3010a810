import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes

extension CatalogSearch {
    /// The longest metadata of a series that is read, in bytes: a segmentation of many frames has some megabytes.
    private static let metadataBytesMax = 32 * 1024 * 1024

    /// The series that the objects of the series refer to; nil where the store does not say, or says too much.
    func references(of series: SeriesUID, in study: StudyUID) async throws -> Set<SeriesUID>? {
        var request = UpstreamRequest(
            .get,
            "studies/\(study)/series/\(series)/metadata",
            headers: [.accept: "application/dicom+json"]
        )
        request.timeout = Self.timeout
        self.rate?.made()
        let answer = try await self.store.upstream.exchange(request, Self.call)
        if [429, 503].contains(answer.status) { try refuseFailure(answer, accepting: [200]) }
        guard answer.status == 200 else { return nil }
        do {
            let collected = try await CollectedAnswer(answer, upTo: Self.metadataBytesMax)
            return SeriesReferences.named(by: try DICOMJSON.dataSets(from: collected.bytes))
        } catch is DICOMJSONError {
            return nil
        } catch let error as CollimatorError where error.code == .upstreamInvalid {
            return nil
        }
    }

    private static let timeout = Duration.seconds(60)
}

/// Which series objects that are made from others refer to.
enum SeriesReferences {
    /// The most that are kept of one series.
    static let countMax = 1_000

    /// Of segmentations and presentation states the referenced series (PS3.3 §C.7.6.16.2, §C.11.11), of reports and key
    /// objects the evidence (§C.17.2), of structure sets the frames of reference (§C.8.8.5); nil where there are too many.
    static func named(by objects: [DataSet]) -> Set<SeriesUID>? {
        var named: Set<SeriesUID> = []
        for object in objects {
            self.add(object.items(.referencedSeriesSequence), to: &named)
            for evidence in [Tag.currentRequestedProcedureEvidenceSequence, .pertinentOtherEvidenceSequence] {
                for study in object.items(evidence) { self.add(study.items(.referencedSeriesSequence), to: &named) }
            }
            for frame in object.items(Self.referencedFrameOfReferenceSequence) {
                for study in frame.items(Self.rtReferencedStudySequence) {
                    self.add(study.items(Self.rtReferencedSeriesSequence), to: &named)
                }
            }
        }
        return named.count <= Self.countMax ? named : nil
    }

    private static func add(_ items: [DataSet], to named: inout Set<SeriesUID>) {
        for item in items {
            if let series = item.string(.seriesInstanceUID).flatMap({ SeriesUID($0) }) { named.insert(series) }
        }
    }

    /// (3006,0010), (3006,0012) and (3006,0014).
    private static let referencedFrameOfReferenceSequence = Tag(0x3006, 0x0010)
    private static let rtReferencedStudySequence = Tag(0x3006, 0x0012)
    private static let rtReferencedSeriesSequence = Tag(0x3006, 0x0014)
}
