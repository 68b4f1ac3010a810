import DICOMFiles
import DICOMweb

/// A person who does not exist.
struct PhantomPatient: Sendable {
    let id: String
    /// In the form of files: groups parted by `=`, components by `^`.
    let name: String
    let birthDate: String
    let sex: String
    var sizeMetres: Double = 1.72
    var weightKilograms: Double = 74
}

/// What all series of a study share.
struct StudyHead: Sendable {
    let patient: PhantomPatient
    let number: Int
    let date: String
    let time: String
    let description: String
    let accession: String
    var institution = "Example University Hospital (synthetic)"
    var referringPhysician = "Referrer^Example^^Dr."
    let root: UIDRoot

    var uid: String { self.root.uid("\(self.patient.id)/\(self.number)") }

    var frameOfReferenceUID: String { self.root.uid("\(self.patient.id)/\(self.number)/frame") }

    /// Whole years on the day of the study, as an age string.
    var patientAge: String {
        let (day, birth) = (Int(self.date) ?? 0, Int(self.patient.birthDate) ?? 0)
        let years = String((day - birth) / 10_000)
        return String(repeating: "0", count: 3 - years.count) + years + "Y"
    }

    var folder: String { "\(self.patient.id)/\(self.date)-\(self.number)" }
}

/// What all instances of a series share.
struct SeriesHead: Sendable {
    let study: StudyHead
    let number: Int
    let modality: String
    let description: String
    let bodyPart: String
    let folder: String
    var station = "PHANTOM1"
    var model = "Phantom Generator"

    var uid: String { self.study.root.uid("\(self.study.patient.id)/\(self.study.number)/\(self.number)") }

    /// The UID of instance `number`, also for those that refer to it.
    func instanceUID(_ number: Int) -> String {
        self.study.root.uid("\(self.study.patient.id)/\(self.study.number)/\(self.number)/\(number)")
    }

    /// The hours, minutes and seconds that the series began at.
    var time: String {
        let start = Int(self.study.time) ?? 0
        let seconds = start / 10_000 * 3600 + start / 100 % 100 * 60 + start % 100 + self.number * 95
        let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
        return clock.map { $0 < 10 ? "0\($0)" : String($0) }.joined()
    }
}

/// A series and how to make its instances, which is done only when they are asked for.
struct SeriesPlan: Sendable {
    let head: SeriesHead
    let count: Int
    /// Makes what the instances share, then instance 1…`count`.
    let prepare: @Sendable () -> (_ number: Int) -> PhantomInstance
}

/// One instance on its way to be a file.
struct PhantomInstance {
    let number: Int
    var dataSet: DataSet
    /// Compressed frames, where the pixels are not in the data set.
    var frames: (transferSyntax: String, fragments: [[UInt8]])?

    /// The file, in the folder of its series.
    func file(in head: SeriesHead) -> PhantomFile {
        let digits = String(self.number)
        let name = "IM" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".dcm"
        guard
            let studyUID = StudyUID(head.study.uid), let seriesUID = SeriesUID(head.uid),
            let instanceUID = InstanceUID(head.instanceUID(self.number))
        else { preconditionFailure("a UID made of digits is a UID") }
        return PhantomFile(
            relativePath: "\(head.study.folder)/\(head.number)-\(head.folder)/\(name)",
            bytes: self.encoded(),
            studyUID: studyUID,
            seriesUID: seriesUID,
            instanceUID: instanceUID,
            modality: head.modality
        )
    }

    private func encoded() -> [UInt8] {
        do throws(Part10WriterError) {
            guard let frames = self.frames else { return try Part10Writer.encode(self.dataSet) }
            return try Part10Writer.encode(self.dataSet, transferSyntax: frames.transferSyntax) { _ in
                .frames(frames.fragments)
            }
        } catch {
            preconditionFailure("a phantom is made of values that can be written: \(error)")
        }
    }
}
