package import CollimatorCore
internal import Cryptography
internal import DICOMFiles
internal import DICOMweb
internal import Persistence

/// How many made-up studies to write into the index, for measuring how searches grow.
package struct SyntheticContent: Sendable {
    /// The numbers of the studies; each number gives the same study every time.
    package var studies: Range<Int>
    package var seriesPerStudy: Int
    package var instancesPerSeries: Int

    package init(studies: Range<Int>, seriesPerStudy: Int, instancesPerSeries: Int) {
        self.studies = studies
        self.seriesPerStudy = seriesPerStudy
        self.instancesPerSeries = instancesPerSeries
    }
}

extension Archive {
    /// Writes made-up studies into the index, without files.
    ///
    /// Searches and metadata answer as for stored studies, and through the same rows; files cannot be retrieved, and
    /// the sweep of the next start counts them as missing. For benchmarks only.
    package func importSynthetic(
        _ content: SyntheticContent,
        into store: DICOMStoreName
    ) async throws(ArchiveError) {
        let perStudy = content.seriesPerStudy * content.instancesPerSeries
        let studiesAtOnce = max(1, 2000 / max(1, perStudy))
        let vault = self.vault
        let now = self.clock.now()
        for first in stride(from: content.studies.lowerBound, to: content.studies.upperBound, by: studiesAtOnce) {
            guard !Task.isCancelled else { throw .cancelled }
            let studies = first..<min(first + studiesAtOnce, content.studies.upperBound)
            let numbers = try await self.committer.reserveNumbers(Int64(studies.count * perStudy))
            try await self.writing { connection in
                var transaction = StoreTransaction(connection: connection, vault: vault, now: now)
                var id = numbers.lowerBound
                for study in studies {
                    for series in 0..<content.seriesPerStudy {
                        for instance in 0..<content.instancesPerSeries {
                            let object = SyntheticInstance(study: study, series: series, instance: instance)
                            let entry = IndexEntry(
                                id: id,
                                digest: object.digest,
                                description: try object.description(),
                                store: store,
                                arrivedAt: now
                            )
                            _ = try transaction.insert(entry)
                            id += 1
                        }
                    }
                }
                try transaction.finish()
            }
        }
    }
}

/// One made-up CT slice.
private struct SyntheticInstance {
    let study: Int
    let series: Int
    let instance: Int

    private static let families = [
        "Smith", "Müller", "Nguyễn", "Garcia", "Ivanov", "Kim", "Okafor", "Haddad", "Larsen", "Rossi", "Sato", "Silva",
    ]
    private static let givens = ["Anna", "Béla", "Chen", "Dora", "Emil", "Fatima", "George", "Hana", "Ines", "Jón"]

    private var studyUID: String { "1.2.826.0.1.3680043.10.1338.\(self.study)" }
    private var seriesUID: String { "\(self.studyUID).\(self.series + 1)" }
    private var instanceUID: String { "\(self.seriesUID).\(self.instance + 1)" }
    private var modality: String { ["CT", "MR", "CR", "US"][self.study % 4] }
    private var name: String {
        let family = Self.families[self.study % Self.families.count]
        return "\(family)\(self.study / 1000)^\(Self.givens[self.study / 7 % Self.givens.count])"
    }
    private var date: String {
        let (year, month, day) = (2005 + self.study % 20, 1 + self.study / 20 % 12, 1 + self.study / 240 % 28)
        return "\(year)\(month < 10 ? "0" : "")\(month)\(day < 10 ? "0" : "")\(day)"
    }

    var digest: SpoolDigest {
        SpoolDigest(sizeBytes: 525_000, sha256: SHA256.hash(Array(self.instanceUID.utf8)))
    }

    func description() throws -> InstanceDescription {
        guard let study = StudyUID(self.studyUID), let series = SeriesUID(self.seriesUID),
            let instance = InstanceUID(self.instanceUID)
        else { throw ArchiveError.internalFault }
        let identity = ObjectIdentity(
            sopClassUID: "1.2.840.10008.5.1.4.1.1.2",
            sopInstanceUID: instance,
            studyInstanceUID: study,
            seriesInstanceUID: series,
            transferSyntaxUID: "1.2.840.10008.1.2.1"
        )
        return try InstanceDescription(identity, numberOfFrames: 1, relativeJSON: Array(self.json.utf8)) { tag in
            switch SearchKey(tag) {
            case .patientName: self.name
            case .patientID: "P\(self.study / 3)"
            case .accessionNumber: "A\(self.study)"
            case .referringPhysicianName: "Referrer\(self.study % 100)^Ann"
            case .studyDate: self.date
            case .modality: self.modality
            case .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, nil: nil
            }
        }
    }

    private var json: String {
        """
        {"00080005":{"vr":"CS","Value":["ISO_IR 192"]},\
        "00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.2"]},\
        "00080018":{"vr":"UI","Value":["\(self.instanceUID)"]},\
        "00080020":{"vr":"DA","Value":["\(self.date)"]},"00080030":{"vr":"TM","Value":["101500"]},\
        "00080050":{"vr":"SH","Value":["A\(self.study)"]},"00080060":{"vr":"CS","Value":["\(self.modality)"]},\
        "00080090":{"vr":"PN","Value":[{"Alphabetic":"Referrer\(self.study % 100)^Ann"}]},\
        "00081030":{"vr":"LO","Value":["Study \(self.study)"]},"0008103E":{"vr":"LO","Value":["Series"]},\
        "00100010":{"vr":"PN","Value":[{"Alphabetic":"\(self.name)"}]},\
        "00100020":{"vr":"LO","Value":["P\(self.study / 3)"]},"00100030":{"vr":"DA","Value":["19700101"]},\
        "00100040":{"vr":"CS","Value":["O"]},"0020000D":{"vr":"UI","Value":["\(self.studyUID)"]},\
        "0020000E":{"vr":"UI","Value":["\(self.seriesUID)"]},"00200010":{"vr":"SH","Value":["\(self.study)"]},\
        "00200011":{"vr":"IS","Value":[\(self.series + 1)]},"00200013":{"vr":"IS","Value":[\(self.instance + 1)]},\
        "00280008":{"vr":"IS","Value":[1]},"00280010":{"vr":"US","Value":[512]},\
        "00280011":{"vr":"US","Value":[512]},"00280100":{"vr":"US","Value":[16]},\
        "7FE00010":{"vr":"OW","BulkDataURI":"bulkdata/7FE00010"}}
        """
    }
}
