import CollimatorCore
import DICOMweb

/// The filters of a study search, validated, and what each kind of upstream makes of them.
struct StudyFilters: Hashable, Sendable {
    private let patientName: PatientNameMatch?
    private let exact: [UpstreamSearch.Match]

    /// Throws `invalid-input` with what is wrong.
    init(_ parameters: QueryParameters) throws(CollimatorError) {
        self.patientName = try parameters.single("patientName").map { text throws(CollimatorError) in
            try PatientNameMatch(parsing: text)
        }
        self.exact = try Self.exactMatches(parameters)
    }

    /// The search as the upstream understands it.
    func search(for kind: GatewayStore.Kind, limit: Int, offset: Int) -> UpstreamSearch {
        let name = self.patientName.map { $0.match(for: kind) }
        var search = UpstreamSearch(
            .studies,
            matches: (name.map { [UpstreamSearch.Match(.patientName, $0.text)] } ?? []) + self.exact,
            isFuzzy: name?.isFuzzy ?? false,
            limit: limit,
            offset: offset
        )
        search.includedFields = [.studyDescription]
        return search
    }

    /// The same for equal filters and for no others; part of the check of a cursor.
    var fingerprint: String {
        let name = self.patientName.map { ["name=\($0.fingerprint)"] } ?? []
        return (name + self.exact.map { "\($0.tag.hex)=\($0.value)" }).joined(separator: "\n")
    }

    private static func exactMatches(_ parameters: QueryParameters) throws(CollimatorError) -> [UpstreamSearch.Match] {
        var matches: [UpstreamSearch.Match] = []
        let names: [(String, Tag)] = [
            ("patientId", .patientID), ("accessionNumber", .accessionNumber),
            ("referringPhysician", .referringPhysicianName),
        ]
        for (name, tag) in names {
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
        return matches
    }

    /// A value that the upstream compares as it is: it has no wildcards there, and a backslash would mean two values.
    private static func exactValue(_ value: String) throws(CollimatorError) -> String {
        guard isComparable(value) else {
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

/// How a patient's name is matched.
private enum PatientNameMatch: Hashable, Sendable {
    /// With a caret it is the whole name as DICOM writes it.
    case whole(String)
    /// Else each word is the beginning of a part of the name.
    case beginnings([String])

    init(parsing name: String) throws(CollimatorError) {
        // A star at the end of a word says what the prefix match does anyway.
        let words = name.split(separator: " ").map { word in String(word.hasSuffix("*") ? word.dropLast() : word) }
        guard words.allSatisfy({ !$0.isEmpty }), isComparable(words.joined(separator: " ")) else {
            throw CollimatorError(
                .invalidInput,
                "the patient's name has a wildcard that the upstream cannot match",
                publicDetail: """
                    The parameter patientName takes the beginnings of the parts of a name, such as "smi jo", or a \
                    whole name in DICOM's form, such as "Smith^John". A star may only end a word: wildcards \
                    elsewhere are not yet available.
                    """
            )
        }
        if words.contains(where: { $0.contains("^") }) {
            guard isComparable(name) else { throw Self.starredWhole }
            self = .whole(name)
        } else {
            self = .beginnings(words)
        }
    }

    /// What the upstream is asked.
    ///
    /// The Healthcare API matches the beginnings of parts in any order, and has no wildcards. Other servers have
    /// wildcards (PS3.4 §C.2.2.2.4) and no common idea of the fuzzy: there the words are the beginnings of the
    /// components in their order, family name first.
    func match(for kind: GatewayStore.Kind) -> (text: String, isFuzzy: Bool) {
        switch (self, kind) {
        case (.whole(let name), _): (name, false)
        case (.beginnings(let words), .healthcare): (words.joined(separator: " "), true)
        case (.beginnings(let words), .dicomweb): (words.map { "\($0)*" }.joined(separator: "^"), false)
        }
    }

    var fingerprint: String {
        switch self {
        case .whole(let name): "whole:\(name)"
        case .beginnings(let words): "beginnings:\(words.joined(separator: " "))"
        }
    }

    private static var starredWhole: CollimatorError {
        CollimatorError(
            .invalidInput,
            "a whole name has a wildcard",
            publicDetail: "A whole name in DICOM's form, with a caret, takes no star."
        )
    }
}

/// Whether an upstream compares the value as it is.
private func isComparable(_ value: String) -> Bool {
    (1...valueBytesMax).contains(value.utf8.count)
        && !value.unicodeScalars.contains { $0 == "*" || $0 == "?" || $0 == "\\" || $0.value < 0x20 || $0 == "\u{7F}" }
}

/// The most bytes that one search value may have; the longest DICOM name is 3 × 64 characters of up to 4 bytes.
private let valueBytesMax = 768
