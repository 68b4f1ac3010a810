import Catalog
import CollimatorCore
import DICOMweb

/// The filters of a study search as conditions of the catalog; all must hold.
enum StudyFilters {
    /// The parameters that are filters.
    static let known: Set<String> = Set(TextFilter.all.map(\.name))
        .union(["studyUid", "modality", "from", "to", "updatedSince", "q"])

    /// Throws `invalid-input` with what is wrong.
    static func conditions(_ parameters: QueryParameters) throws(CollimatorError) -> [StudyCondition] {
        var conditions: [StudyCondition] = []
        for filter in TextFilter.all {
            guard let text = try parameters.single(filter.name) else { continue }
            conditions += try filter.conditions(text)
        }
        conditions += try Self.identifiers(parameters)
        if let days = try Self.days(from: parameters.single("from"), to: parameters.single("to")) {
            conditions.append(days)
        }
        if let since = try Self.moment(parameters.single("updatedSince")) { conditions.append(since) }
        if let text = try parameters.single("q") { conditions.append(try TextFilter.everywhere(text)) }
        guard conditions.count <= StudyQuery.conditionsMax else {
            throw CollimatorError(
                .invalidInput,
                "a search has too many conditions",
                publicDetail: "The search has too many words with wildcards."
            )
        }
        return conditions
    }

    /// The parameters that may be given several times.
    private static func identifiers(_ parameters: QueryParameters) throws(CollimatorError) -> [StudyCondition] {
        var conditions: [StudyCondition] = []
        let uids = parameters.values("studyUid")
        if !uids.isEmpty {
            guard uids.allSatisfy({ StudyUID($0) != nil }) else {
                throw CollimatorError(
                    .invalidInput,
                    "studyUid is no UID",
                    publicDetail: "The parameter studyUid is not a DICOM UID; it takes no wildcards."
                )
            }
            conditions.append(.anyOf(.studyInstanceUID, uids))
        }
        let modalities = parameters.values("modality")
        if !modalities.isEmpty {
            guard modalities.allSatisfy(Self.isModality) else {
                throw CollimatorError(
                    .invalidInput,
                    "modality is no defined term",
                    publicDetail: """
                        The parameter modality is a kind of acquisition such as CT: at most 16 letters, digits, \
                        spaces and underscores. It takes no wildcards; give it several times for any of several.
                        """
                )
            }
            conditions.append(.anyOf(.modality, modalities))
        }
        return conditions
    }

    /// A code string of DICOM (PS3.5 §6.2, CS), in either case.
    private static func isModality(_ text: String) -> Bool {
        (1...16).contains(text.utf8.count) && text.contains { $0 != " " }
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == 0x20 || byte == 0x5F
            }
    }

    private static func days(from: String?, to: String?) throws(CollimatorError) -> StudyCondition? {
        guard from != nil || to != nil else { return nil }
        let first = try from.map { text throws(CollimatorError) in try Self.day(text) }
        let last = try to.map { text throws(CollimatorError) in try Self.day(text) }
        if let first, let last, first > last {
            throw CollimatorError(
                .invalidInput,
                "from is after to",
                publicDetail: "The date in from is after the date in to."
            )
        }
        return .days(from: first, to: last)
    }

    private static func day(_ text: String) throws(CollimatorError) -> Int {
        guard let date = CalendarDate(iso: text), let day = Int(date.dicom) else {
            throw CollimatorError(
                .invalidInput,
                "a date of the search is no date",
                publicDetail: "The parameters from and to are dates such as 2026-01-05."
            )
        }
        return day
    }

    private static func moment(_ text: String?) throws(CollimatorError) -> StudyCondition? {
        guard let text else { return nil }
        guard let milliseconds = RFC3339.milliseconds(text) else {
            throw CollimatorError(
                .invalidInput,
                "updatedSince is no time",
                publicDetail: """
                    The parameter updatedSince is a time such as 2026-01-05T10:41:12Z. In an address the plus sign \
                    of an offset is written %2B.
                    """
            )
        }
        return .updatedSince(milliseconds: milliseconds)
    }
}
