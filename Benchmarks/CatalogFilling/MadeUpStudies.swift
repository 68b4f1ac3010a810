import CollimatorCore
import DICOMweb
import Catalog

/// The studies of a hospital that is not there, each from its number alone: three series to a study on average, three
/// studies to a patient, the older ones with the lower numbers.
struct MadeUpStudies: Sendable {
    let seed: UInt64
    let count: Int
    private let calendar: MadeUpCalendar

    private static let prefix = "1.2.826.0.1.3680043.10.1338.30."
    private static let studiesPerPatient = 3
    private static let physicians = 2_000
    /// How many series the studies of ten numbers have: thirty in all.
    private static let seriesCounts = [1, 3, 2, 7, 1, 4, 2, 3, 2, 5]
    private static let institutions: [(item: String, weight: Int)] = [
        ("University Hospital", 55), ("St. Mary's Medical Center", 25), ("Clínica San José", 12),
        ("Praxis Dr. Weiß", 8),
    ]

    init(seed: UInt64, count: Int) {
        self.seed = seed
        self.count = count
        self.calendar = MadeUpCalendar(seed: seed)
    }

    /// The study of a number from 0 up to, but not, the count.
    func entry(_ number: Int) -> StudyEntry {
        precondition((0..<self.count).contains(number), "a study has a number below the count")
        var chance = Chance(seed: self.seed, .study, number)
        let patient = chance.below(max(1, self.count / Self.studiesPerPatient))
        let seriesCount = Self.seriesCounts[number % Self.seriesCounts.count]
        let procedure = chance.pick(weighted: MadeUpProcedure.all(forSeries: seriesCount))
        let attributes = self.attributes(number, patient, procedure, &chance)
        let modalities = Self.modalities(procedure, seriesCount, &chance)
        let series = modalities.enumerated().map { index, modality in
            self.series(index, of: attributes, modality: modality, procedure, &chance)
        }
        guard let uid = attributes.string(.studyInstanceUID).flatMap({ StudyUID($0) }) else {
            preconditionFailure("made-up identifiers are valid")
        }
        return StudyEntry(study: uid, attributes: attributes, series: series)
    }

    private func attributes(
        _ number: Int,
        _ patient: Int,
        _ procedure: MadeUpProcedure,
        _ chance: inout Chance
    ) -> DataSet {
        let (name, sex) = MadeUpNames.name(seed: self.seed, patient)
        let physician = MadeUpNames.name(seed: self.seed, -1 - chance.below(Self.physicians)).name
        var born = Chance(seed: self.seed, .patient, patient)
        let day = self.calendar.day(at: (Double(number) + 0.5) / Double(self.count))
        let hour = chance.happens(0.85) ? 7 + chance.below(11) : chance.below(24)
        let clock = Digits.text(hour * 10_000 + chance.below(60) * 100 + chance.below(60), 6)
        var data = DataSet()
        data.set(.specificCharacterSet, "ISO_IR 192")
        data.set(.studyDate, day)
        data.set(.studyTime, chance.happens(0.5) ? clock : clock + "." + Digits.text(chance.below(1_000_000), 6))
        if chance.happens(0.98) { data.set(.accessionNumber, "A\(Digits.text(10_000_000 + number, 9))") }
        data.set(.institutionName, chance.pick(weighted: Self.institutions))
        data.set(.referringPhysicianName, .personName(physician))
        data.set(.studyDescription, chance.pick(procedure.descriptions))
        data.set(.patientName, .personName(name))
        data.set(.patientID, "MRN\(Digits.text(patient * 7_919 % 99_999_989, 8))")
        data.set(.issuerOfPatientID, born.happens(0.8) ? "UNIVERSITY" : "STMARY")
        let year = 1926 + born.below(95)
        data.set(.patientBirthDate, Digits.text(year * 10_000 + (1 + born.below(12)) * 100 + 1 + born.below(28), 8))
        data.set(.patientSex, sex)
        data.set(.studyInstanceUID, "\(Self.prefix)1.\(self.count).\(number + 1)")
        data.set(.studyID, String(10_000 + number % 90_000))
        return data
    }

    /// The modality of each series: one in ten cross-sectional studies has a report, every PET has a CT beside it.
    private static func modalities(_ procedure: MadeUpProcedure, _ count: Int, _ chance: inout Chance) -> [String] {
        var all = Array(repeating: procedure.modality, count: count)
        if procedure.modality == "PT" { all[0] = "CT" }
        if count >= 3, chance.happens(0.1) { all[count - 1] = chance.happens(0.7) ? "SR" : "PR" }
        return all
    }

    private func series(
        _ index: Int,
        of study: DataSet,
        modality: String,
        _ procedure: MadeUpProcedure,
        _ chance: inout Chance
    ) -> SeriesEntry {
        let studyUID = study.string(.studyInstanceUID) ?? ""
        let descriptions = MadeUpProcedure.seriesDescriptions(of: modality)
        let uid = "\(studyUID.replacing(Self.prefix + "1.", with: Self.prefix + "2.")).\(index + 1)"
        var data = DataSet()
        data.set(.seriesDate, study.string(.studyDate) ?? "")
        data.set(.modality, modality)
        data.set(.manufacturer, chance.pick(["Siemens Healthineers", "GE MEDICAL SYSTEMS", "Philips", "Canon"]))
        data.set(.seriesDescription, descriptions[index % descriptions.count])
        data.set(.bodyPartExamined, procedure.bodyPart)
        data.set(.studyInstanceUID, studyUID)
        data.set(.seriesInstanceUID, uid)
        data.set(.seriesNumber, index + 1)
        guard let series = SeriesUID(uid) else { preconditionFailure("made-up identifiers are valid") }
        let isImage = modality == procedure.modality || modality == "CT"
        let span = procedure.instances
        let instances = isImage ? span.lowerBound + chance.below(span.count) : 1
        return SeriesEntry(series: series, attributes: data, instanceCount: instances)
    }
}
