import CollimatorCore
import DICOMweb

/// What is to be opened, as IHE's Invoke Image Display names it (RAD-106).
///
/// `studyUid` and `patientId` are taken too. What only wishes for a kind of display is read and left to the viewer.
struct LaunchRequest: Hashable, Sendable {
    /// The studies by UID; empty where only numbers are given.
    let studies: [StudyUID]
    /// The accession numbers; empty where only UIDs are given.
    ///
    /// Where both are, both must hold.
    let accessionNumbers: [String]
    let patient: Patient?
    let store: String?

    /// A patient's identifier, with who issued it where that is said.
    struct Patient: Hashable, Sendable {
        let id: String
        let issuer: String?
    }

    /// The most studies, or numbers, of one request.
    static let valuesMax = 16

    private static let known: Set<String> = [
        "requestType", "studyUID", "studyUid", "accessionNumber", "patientID", "patientId", "store", "viewerType",
        "diagnosticQuality", "keyImagesOnly",
    ]

    /// - Throws: `invalid-input` for anything that is no such request.
    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: Self.known,
            detail: """
                The request has an unknown parameter. Known are requestType, studyUID (or studyUid), accessionNumber, \
                patientID (or patientId), store, viewerType, diagnosticQuality and keyImagesOnly.
                """
        )
        guard try parameters.single("requestType") ?? "STUDY" == "STUDY" else {
            throw Self.refusal("Only the requestType STUDY is offered.")
        }
        let uids = try Self.list(try Self.either("studyUID", "studyUid", of: parameters))
        self.studies = uids.compactMap { StudyUID($0) }
        guard self.studies.count == uids.count else { throw Self.refusal("A studyUID is not a DICOM UID.") }
        self.accessionNumbers = try Self.list(try parameters.single("accessionNumber"))
        guard !self.studies.isEmpty || !self.accessionNumbers.isEmpty else {
            throw Self.refusal("A request names studies by studyUID or accessionNumber.")
        }
        self.patient = try Self.either("patientID", "patientId", of: parameters).map(Self.patient)
        self.store = try parameters.single("store")
        for name in ["viewerType", "diagnosticQuality", "keyImagesOnly"] { _ = try parameters.single(name) }
    }

    private static func either(
        _ name: String,
        _ other: String,
        of parameters: QueryParameters
    ) throws(CollimatorError) -> String? {
        let first = try parameters.single(name)
        let second = try parameters.single(other)
        guard first == nil || second == nil else {
            throw Self.refusal("A parameter is given under two names. Give it once.")
        }
        return first ?? second
    }

    /// The values of a list with commas, each once.
    private static func list(_ text: String?) throws(CollimatorError) -> [String] {
        guard let text else { return [] }
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map { trimmed(String($0)) }
        guard values.count <= Self.valuesMax, values.allSatisfy({ (1...64).contains($0.utf8.count) }) else {
            throw Self.refusal("studyUID and accessionNumber take 1 to 16 values of 1 to 64 characters, with commas.")
        }
        var seen: Set<String> = []
        return values.filter { seen.insert($0).inserted }
    }

    /// `id`, or `id^^^issuer` as HL7 writes it; of an issuer with parts the first is its name.
    private static func patient(_ text: String) throws(CollimatorError) -> Patient {
        let parts = text.split(separator: "^", omittingEmptySubsequences: false).map(String.init)
        let issuer = parts.count > 3 ? parts[3].split(separator: "&").first.map { trimmed(String($0)) } : nil
        guard let id = parts.first.map(trimmed), (1...64).contains(id.utf8.count) else {
            throw Self.refusal("The patientID is empty or too long.")
        }
        return Patient(id: id, issuer: issuer)
    }

    private static func refusal(_ detail: StaticString) -> CollimatorError {
        CollimatorError(.invalidInput, "a launch that is none", publicDetail: detail)
    }
}

/// Without the spaces that files pad text with (PS3.5 §6.2).
func trimmed(_ text: String) -> String {
    var rest = text[...]
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " || rest.last == "\0" { rest.removeLast() }
    return String(rest)
}
