internal import DICOMweb
internal import EmulatorStorage

/// The query of a search (QIDO-RS), read as strictly as the upstream reads it: a closed list of keys, one value each,
/// no wildcards, and 400 for the rest.
struct SearchRequest: Sendable {
    let match: [SearchMatch]
    let include: IncludeSelection
    let limit: Int
    let offset: Int

    static let offsetMax = 1_000_000
    /// The longest value that is compared.
    static let valueBytesMax = 1024

    init(_ query: QueryParameters, level: SearchLevel) throws(GoogleError) {
        let isFuzzy = try query.boolean("fuzzymatching") ?? false
        var conditions: [SearchMatch] = []
        var seen: Set<SearchKey> = []
        for item in query.items where !Self.isControl(item.name) {
            let key = try Self.key(item.name, level: level)
            guard seen.insert(key).inserted else {
                throw GoogleError(
                    .invalidArgument,
                    naming: "\(EchoedName(key.rawValue)) is given more than once: only single values can be matched"
                )
            }
            // A value of no length matches everything (PS3.4 §C.2.2.2.3).
            guard !item.value.isEmpty else { continue }
            conditions.append(try Self.condition(key, item.value, isFuzzy: isFuzzy))
        }
        self.match = conditions
        self.include = try Self.include(query.values("includefield"), level: level)
        self.limit = try query.integer("limit", in: 1...Self.limitMax(level)) ?? Self.limitDefault(level)
        self.offset = try query.integer("offset", in: 0...Self.offsetMax) ?? 0
    }

    static func limitDefault(_ level: SearchLevel) -> Int { level == .instance ? 1000 : 100 }

    static func limitMax(_ level: SearchLevel) -> Int { level == .instance ? 50_000 : 5000 }

    private static func isControl(_ name: String) -> Bool {
        ["limit", "offset", "fuzzymatching", "includefield"].contains(name) || QueryParameters.common.contains(name)
    }

    private static func key(_ name: String, level: SearchLevel) throws(GoogleError) -> SearchKey {
        let key = Tag(hex: name).flatMap { SearchKey($0) } ?? SearchKey(rawValue: name)
        guard let key, key.level <= level else {
            let levelName: EchoedName =
                switch level {
                case .study: EchoedName("study")
                case .series: EchoedName("series")
                case .instance: EchoedName("instance")
                }
            let name = Tag(hex: name)?.keyword ?? name
            throw GoogleError(
                .invalidArgument,
                naming: "\(EchoedName(name)) is not a supported \(levelName) level attribute for searching"
            )
        }
        return key
    }

    private static func condition(
        _ key: SearchKey,
        _ value: String,
        isFuzzy: Bool
    ) throws(GoogleError) -> SearchMatch {
        guard value.utf8.count <= Self.valueBytesMax else { throw Self.malformed(key) }
        switch key {
        case .studyDate:
            return try Self.studyDate(value)
        case .patientName where isFuzzy:
            return .fuzzyPatientName(value)
        case .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID:
            // Lists of UIDs are not supported, so that a comma is as wrong as a letter.
            guard StudyUID(value) != nil else { throw Self.malformed(key) }
            return .equals(key, value)
        default:
            return .equals(key, value)
        }
    }

    /// `YYYYMMDD`, or two of them with a hyphen between.
    private static func studyDate(_ value: String) throws(GoogleError) -> SearchMatch {
        let parts = value.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ Self.isDate($0) }) else { throw Self.malformed(.studyDate) }
        guard parts.count == 2 else { return .equals(.studyDate, value) }
        guard parts[0] <= parts[1] else { throw Self.malformed(.studyDate) }
        return .studyDate(from: String(parts[0]), through: String(parts[1]))
    }

    private static func isDate(_ text: Substring) -> Bool {
        guard text.utf8.count == 8, let number = QueryParameters.integer(text) else { return false }
        return (1...12).contains(number / 100 % 100) && (1...31).contains(number % 100)
    }

    private static func malformed(_ key: SearchKey) -> GoogleError {
        GoogleError(.invalidArgument, naming: "invalid value for QIDO attribute: \(EchoedName(key.rawValue))")
    }
}
