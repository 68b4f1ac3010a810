package import Catalog
import DICOMweb

extension AccessFacts {
    /// What rules can look at of a study, by what the catalog knows of it.
    ///
    /// The catalog does not keep which instances lack a value that others have: only one that is missing in all counts as
    /// missing.
    package init(_ entry: StudyEntry) {
        let descriptions = [entry.attributes] + entry.variants
        self.init(
            values: [
                .date: Self.values(descriptions) { $0.string(.studyDate).map(Self.day) },
                .institution: Self.values(descriptions) { $0.string(.institutionName) },
                .referringPhysician: Self.values(descriptions) { Self.name($0) },
                .accessionNumber: Self.values(descriptions) { $0.string(.accessionNumber) },
                .description: Self.values(descriptions) { $0.string(.studyDescription) },
            ],
            patients: Self.patients(entry),
            series: entry.series.map { series in
                series.map { one in
                    AccessSeriesFacts(
                        uid: one.series.rawValue,
                        modalities: one.attributes.string(.modality).map { [$0] } ?? [],
                        references: one.references.map { Set($0.map(\.rawValue)) },
                        uploaders: one.uploaders
                    )
                }
            }
        )
    }

    /// A variant that names only an ID, or only an issuer, means the other of the study.
    private static func patients(_ entry: StudyEntry) -> Set<PatientIdentity> {
        let study = entry.attributes
        return Set(
            ([study] + entry.variants).map { description in
                PatientIdentity(
                    id: description.string(.patientID) ?? study.string(.patientID) ?? "",
                    issuer: description.string(.issuerOfPatientID) ?? study.string(.issuerOfPatientID)
                )
            }
        )
    }

    private static func values(_ descriptions: [DataSet], _ value: (DataSet) -> String?) -> Set<String> {
        let values = Set(descriptions.compactMap(value).filter { !$0.isEmpty })
        return values.isEmpty ? [""] : values
    }

    /// The alphabetic group without the delimiters that end it (PS3.5 §6.2.1.2).
    private static func name(_ description: DataSet) -> String? {
        guard var text = description.personName(.referringPhysicianName)?.alphabetic else { return nil }
        while text.last == "^" || text.last == " " { text.removeLast() }
        return text
    }

    /// Also of the form with full stops in older files (PS3.5 §6.2, DA).
    private static func day(_ text: String) -> String { text.filter { $0 != "." } }
}
