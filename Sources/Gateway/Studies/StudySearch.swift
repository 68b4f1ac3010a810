import CollimatorCore
import DICOMweb
import Hummingbird

/// A study search as a client asks for it, translated into what the upstream can search.
struct StudySearch: Sendable {
    let upstream: UpstreamSearch
    /// How many studies the client wants at most; the upstream is asked for one more, to know whether there are more.
    let limit: Int

    static let limitDefault = 50
    static let limits = 1...200

    private static let known: Set<String> = [
        "patientName", "patientId", "accessionNumber", "studyUid", "from", "to", "referringPhysician", "limit",
        "cursor",
    ]

    /// Throws `invalid-input` with what is wrong.
    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: Self.known,
            detail: """
                The search has an unknown parameter. Known are patientName, patientId, accessionNumber, studyUid, \
                from, to, referringPhysician, limit and cursor.
                """
        )
        let (matches, isFuzzy) = try Self.matches(parameters)
        let limit = try parameters.integer("limit", in: Self.limits, fault: "The limit must be from 1 to 200.")
        self.limit = limit ?? Self.limitDefault
        var offset = 0
        if let cursor = try parameters.single("cursor") {
            offset = try ListCursor(parsing: cursor, of: matches).offset
        }
        var search = UpstreamSearch(
            .studies,
            matches: matches,
            isFuzzy: isFuzzy,
            limit: self.limit + 1,
            offset: offset
        )
        search.includedFields = [.studyDescription]
        self.upstream = search
    }

    /// The cursor of the page after this one, nil where the upstream gave no more than this page.
    func next(found: Int) -> String? {
        let offset = self.upstream.offset + self.limit
        guard found > self.limit, offset <= ListCursor.offsetMax else { return nil }
        return ListCursor(offset: offset).text(of: self.upstream.matches)
    }

    private static func matches(
        _ parameters: QueryParameters
    ) throws(CollimatorError) -> (matches: [UpstreamSearch.Match], isFuzzy: Bool) {
        var matches: [UpstreamSearch.Match] = []
        var isFuzzy = false
        if let name = try parameters.single("patientName") {
            let match = try PatientNameMatch(parsing: name)
            matches.append(UpstreamSearch.Match(.patientName, match.text))
            isFuzzy = match.isFuzzy
        }
        let exact: [(String, Tag)] = [
            ("patientId", .patientID), ("accessionNumber", .accessionNumber),
            ("referringPhysician", .referringPhysicianName),
        ]
        for (name, tag) in exact {
            guard let value = try parameters.single(name) else { continue }
            matches.append(UpstreamSearch.Match(tag, try Self.exactValue(value)))
        }
        if let uid = try parameters.single("studyUid") {
            guard let uid = StudyUID(uid) else {
                throw CollimatorError(
                    .invalidInput,
                    "studyUid is no UID",
                    publicDetail: "The parameter studyUid is not a DICOM UID."
                )
            }
            matches.append(UpstreamSearch.Match(.studyInstanceUID, uid.rawValue))
        }
        if let range = try Self.dateRange(from: parameters.single("from"), to: parameters.single("to")) {
            matches.append(UpstreamSearch.Match(.studyDate, range))
        }
        return (matches, isFuzzy)
    }

    /// A value that the upstream compares as it is: it has no wildcards there, and a backslash would mean two values.
    private static func exactValue(_ value: String) throws(CollimatorError) -> String {
        guard !value.isEmpty, value.utf8.count <= valueBytesMax,
            !value.unicodeScalars.contains(where: { $0 == "*" || $0 == "?" || $0 == "\\" || $0.value < 0x20 })
        else {
            throw CollimatorError(
                .invalidInput,
                "a value of the search is not comparable",
                publicDetail: "A search value is empty, too long, or has a wildcard where only exact values match."
            )
        }
        return value
    }

    private static func dateRange(from: String?, to: String?) throws(CollimatorError) -> String? {
        guard from != nil || to != nil else { return nil }
        let first = try from.map { text throws(CollimatorError) in try Self.date(text) } ?? "10000101"
        let last = try to.map { text throws(CollimatorError) in try Self.date(text) } ?? "99991231"
        guard first <= last else {
            throw CollimatorError(
                .invalidInput,
                "from is after to",
                publicDetail: "The date in from is after the date in to."
            )
        }
        return "\(first)-\(last)"
    }

    private static func date(_ text: String) throws(CollimatorError) -> String {
        guard let date = CalendarDate(iso: text) else {
            throw CollimatorError(
                .invalidInput,
                "a date of the search is no date",
                publicDetail: "The parameters from and to are dates such as 2026-01-05."
            )
        }
        return date.dicom
    }
}

/// The most bytes that one search value may have; the longest DICOM name is 3 × 64 characters of up to 4 bytes.
private let valueBytesMax = 768

/// How a patient's name is matched: with a caret it is the whole name as DICOM writes it, else each word is the
/// beginning of a part of the name.
private struct PatientNameMatch {
    let text: String
    let isFuzzy: Bool

    init(parsing name: String) throws(CollimatorError) {
        // A star at the end of a word says what the prefix match does anyway.
        let words = name.split(separator: " ").map { word in word.hasSuffix("*") ? word.dropLast() : word }
        let text = words.joined(separator: " ")
        guard !text.isEmpty, text.utf8.count <= valueBytesMax, words.allSatisfy({ !$0.isEmpty }),
            !text.unicodeScalars.contains(where: { $0 == "*" || $0 == "?" || $0 == "\\" || $0.value < 0x20 })
        else {
            throw CollimatorError(
                .invalidInput,
                "the patient's name has a wildcard that the upstream cannot match",
                publicDetail: """
                    The parameter patientName takes the beginnings of the parts of a name, such as "smi jo", or a \
                    whole name in DICOM's form, such as "Smith^John". A star may only end a word.
                    """
            )
        }
        self.text = text.contains("^") ? name : text
        self.isFuzzy = !text.contains("^")
    }
}
