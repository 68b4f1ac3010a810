import ArgumentParser
import DICOMweb

/// What is searched for.
struct StudyFilters: ParsableArguments {
    @Option(
        name: .customLong("patient-name"),
        help: "Beginnings of the parts of the name, such as \"smi jo\"; or the whole name, such as \"Smith^John\"."
    )
    var patientName: String?

    @Option(name: .customLong("patient-id"), help: "The patient's identifier, exactly.")
    var patientID: String?

    @Option(name: .customLong("accession-number"), help: "The accession number, exactly.")
    var accessionNumber: String?

    @Option(name: .customLong("referring-physician"), help: "The referring physician's name, exactly.")
    var referringPhysician: String?

    @Option(name: .customLong("study-uid"), help: "The UID of the study.")
    var studyUID: String?

    @Option(help: "The first day, such as 2026-01-05.")
    var from: String?

    @Option(help: "The last day.")
    var to: String?

    /// The parameters for the gateway.
    var parameters: [(name: String, value: String)] {
        [
            ("patientName", self.patientName), ("patientId", self.patientID),
            ("accessionNumber", self.accessionNumber), ("referringPhysician", self.referringPhysician),
            ("studyUid", self.studyUID), ("from", self.from), ("to", self.to),
        ].compactMap { name, value in value.map { (name, $0) } }
    }
}

/// A query of names and values, percent-encoded.
func queryText(_ parameters: [(name: String, value: String)]) -> String {
    parameters.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
}
