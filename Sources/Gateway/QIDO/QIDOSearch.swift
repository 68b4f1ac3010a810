import Catalog
import CollimatorCore
import DICOMweb

/// A search as a client asks for it (PS3.18 §8.3.4), read and checked.
struct QIDOSearch: Sendable {
    /// What is matched, each attribute once, in the order of the query.
    let keys: [Key]
    let fields: FieldSelection
    let isFuzzy: Bool
    /// How many answers are wanted at most; nil where the client did not say.
    let limit: Int?
    /// How many matching ones are passed over.
    let offset: Int
    /// The media types of the parameter `accept` (PS3.18 §8.3.3.1).
    let accept: String?
    /// What is to be said of the query itself.
    let warnings: [SearchWarning]

    /// The most answers of one page; a larger limit is reduced to it.
    static let limitMax = 5_000
    /// The most answers that can be passed over.
    static let offsetMax = 1_000_000
    /// The most attributes that are matched at once.
    static let keysMax = 24

    /// One attribute and the values it may have.
    struct Key: Sendable {
        let path: AttributePath
        /// Whose attribute it is.
        let level: SearchLevel
        /// As they came.
        let values: [String]
        /// What must hold; never empty.
        let tests: [AttributeMatch.Test]

        /// The same for those who look at the attributes themselves.
        var matches: [AttributeMatch] {
            self.tests.map { AttributeMatch(path: self.path.tags, test: $0) }
        }
    }

    private static let controls: Set<String> = ["limit", "offset", "fuzzymatching", "includefield", "accept"]

    /// - Throws: `invalid-input` for an attribute that cannot be matched at the level, and values that are none.
    init(parsing query: String?, at level: SearchLevel, in kind: GatewayStore.Kind) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        let names = parameters.items.map(\.name).filter { !Self.controls.contains($0) }
        var warnings: Set<SearchWarning> = []
        self.isFuzzy = try Self.boolean(parameters.single("fuzzymatching"))
        self.limit = try Self.limit(parameters.single("limit"))
        self.offset = try Self.offset(parameters.single("offset"))
        self.accept = try parameters.single("accept")
        var fields = try FieldSelection(parsing: parameters.values("includefield"))
        let isKept = fields.paths.allSatisfy { path in
            path.tags.first.map { SearchedAttributes.isKept($0, at: level, in: kind) } ?? true
        }
        if fields.hasUnknown || !isKept { warnings.insert(.fieldIgnored) }
        var values: [(path: AttributePath, values: [String])] = []
        for item in parameters.items where !Self.controls.contains(item.name) && AttributePath.isForm(item.name) {
            guard let path = AttributePath(parsing: item.name) else { throw Self.unknown }
            fields.add(path)
            if let index = values.firstIndex(where: { $0.path == path }) {
                values[index].values.append(item.value)
            } else {
                values.append((path, [item.value]))
            }
        }
        if names.contains(where: { !AttributePath.isForm($0) }) { warnings.insert(.parameterIgnored) }
        var keys: [Key] = []
        for (path, values) in values where values.contains(where: { $0.contains { $0 != "*" } }) {
            guard let own = SearchLevel(matching: path, in: kind), own <= level, let vr = path.tags.last?.vr else {
                throw Self.unmatchable(at: level)
            }
            let read = try SearchValues(values, vr: vr, isFuzzy: self.isFuzzy)
            if read.isLiteralInstead { warnings.insert(.notFuzzy) }
            guard !read.tests.isEmpty else { continue }
            keys.append(Key(path: path, level: own, values: values, tests: read.tests))
        }
        guard keys.reduce(0, { $0 + $1.tests.count }) <= Self.keysMax else { throw Self.tooManyKeys }
        self.keys = keys
        self.fields = fields
        self.warnings = [.parameterIgnored, .fieldIgnored, .notFuzzy].filter(warnings.contains)
    }

    private static func boolean(_ text: String?) throws(CollimatorError) -> Bool {
        switch text?.lowercased() {
        case nil, "false": return false
        case "true": return true
        default:
            throw CollimatorError(
                .invalidInput,
                "fuzzymatching is neither true nor false",
                publicDetail: "The parameter fuzzymatching is true or false."
            )
        }
    }

    private static func limit(_ text: String?) throws(CollimatorError) -> Int? {
        guard let text else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.contains(where: { $0 != 0x30 }) else {
            throw CollimatorError(
                .invalidInput,
                "the limit of a search is no number above zero",
                publicDetail: "The limit is a whole number from 1; more than 5000 is taken for 5000."
            )
        }
        // A number too large for us is larger than any page.
        return min(Int(text) ?? .max, Self.limitMax)
    }

    private static func offset(_ text: String?) throws(CollimatorError) -> Int {
        guard let text else { return 0 }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number <= Self.offsetMax
        else {
            throw CollimatorError(
                .invalidInput,
                "the offset of a search is no number in its range",
                publicDetail: "The offset is a whole number from 0 to 1000000."
            )
        }
        return number
    }

    private static var unknown: CollimatorError {
        CollimatorError(
            .invalidInput,
            "an attribute of a search is not known here",
            publicDetail: "The search names an attribute that is not known here. Use a DICOM keyword or a tag."
        )
    }

    private static var tooManyKeys: CollimatorError {
        CollimatorError(
            .invalidInput,
            "a search has too many attributes",
            publicDetail: "A search matches up to 24 attributes at once."
        )
    }

    private static func unmatchable(at level: SearchLevel) -> CollimatorError {
        let reason: StaticString = "an attribute of a search cannot be matched at its level"
        return switch level {
        case .study:
            CollimatorError(
                .invalidInput,
                reason,
                publicDetail: """
                    An attribute cannot be matched in a search for studies. Attributes of the patient and the study \
                    can, such as PatientName, PatientID, PatientBirthDate, AccessionNumber, StudyDate, StudyTime, \
                    StudyDescription, ModalitiesInStudy and ReferringPhysicianName.
                    """
            )
        case .series:
            CollimatorError(
                .invalidInput,
                reason,
                publicDetail: """
                    An attribute cannot be matched in a search for series. Attributes of the patient and the study \
                    can, and of the series Modality, SeriesInstanceUID, SeriesNumber, SeriesDescription, SeriesDate, \
                    SeriesTime, Laterality, PerformedProcedureStepStartDate, PerformedProcedureStepStartTime and \
                    what is in RequestAttributesSequence.
                    """
            )
        case .instance:
            CollimatorError(
                .invalidInput,
                reason,
                publicDetail: "An attribute cannot be matched: it is a sequence, binary, or computed by the server."
            )
        }
    }
}
