import Catalog
import CollimatorCore
import DICOMweb

/// The values that a query gives for one attribute, read by its value representation (PS3.4 §C.2.2.2).
struct SearchValues: Sendable {
    /// What must hold, all of it; empty for universal matching (§C.2.2.2.3).
    let tests: [AttributeMatch.Test]
    /// Whether fuzzy matching was asked for and a wildcard stood in its way.
    let isLiteralInstead: Bool

    /// The most values of a list.
    static let valuesMax = 200

    init(_ values: [String], vr: VR, isFuzzy: Bool) throws(CollimatorError) {
        guard !values.contains(where: { $0.allSatisfy { $0 == "*" } }) else {
            self.init(tests: [], isLiteralInstead: false)
            return
        }
        switch vr {
        case .DA, .TM, .DT:
            let range = try SearchRange(parsing: try Self.only(values), as: vr)
            self.init(tests: [range.test(as: vr)], isLiteralInstead: false)
        case .UI:
            self.init(tests: [.anyOf(try Self.identifiers(values))], isLiteralInstead: false)
        case .PN:
            try self.init(names: values, isFuzzy: isFuzzy)
        case .AE, .CS, .LO, .LT, .SH, .ST, .UC, .UR, .UT:
            self.init(tests: [try Self.text(Self.list(values, vr))], isLiteralInstead: false)
        default:
            self.init(tests: [.anyOf(try Self.exact(Self.list(values, vr), vr))], isLiteralInstead: false)
        }
    }

    private init(tests: [AttributeMatch.Test], isLiteralInstead: Bool) {
        self.tests = tests
        self.isLiteralInstead = isLiteralInstead
    }

    /// Of a pattern each component group that it has must match; a name without wildcards is compared as one.
    private init(names: [String], isFuzzy: Bool) throws(CollimatorError) {
        let isWild = names.contains(where: Self.isWild)
        guard !isFuzzy || isWild else {
            self.init(tests: [.words([try Self.only(names)])], isLiteralInstead: false)
            return
        }
        let names = Self.list(names, .PN)
        guard isWild, names.count == 1 else {
            self.init(tests: [try Self.text(names)], isLiteralInstead: isFuzzy)
            return
        }
        let groups = names[0].split(separator: "=").map(String.init)
        let tests = try groups.map { group throws(CollimatorError) in try Self.text([group]) }
        self.init(tests: tests, isLiteralInstead: isFuzzy)
    }

    private static func isWild(_ text: String) -> Bool { text.contains { $0 == "*" || $0 == "?" } }

    /// A backslash divides values where none can hold it, and a comma where none can hold that: in code strings.
    private static func list(_ values: [String], _ vr: VR) -> [String] {
        guard vr.allowsSeveralTexts || vr.isNumber else { return values }
        let parts = values.flatMap { $0.split { $0 == "\\" || $0 == "," && vr == .CS } }
        return parts.map(String.init)
    }

    /// Values as a whole, or one with wildcards.
    private static func text(_ values: [String]) throws(CollimatorError) -> AttributeMatch.Test {
        try Self.checkCount(values)
        guard values.contains(where: Self.isWild) else { return .anyOf(values) }
        guard let value = values.first, values.count == 1 else {
            throw CollimatorError(
                .invalidInput,
                "a list of a search has a wildcard in it",
                publicDetail: "A value with wildcards cannot stand in a list of values."
            )
        }
        guard let pattern = WildcardPattern(value) else {
            throw CollimatorError(
                .invalidInput,
                "a pattern of a search is too long or has too many wildcards",
                publicDetail: "A value with wildcards has up to 256 characters, and up to 16 asterisks."
            )
        }
        return .pattern(pattern)
    }

    private static func identifiers(_ values: [String]) throws(CollimatorError) -> [String] {
        let uids = values.flatMap { $0.split { $0 == "," || $0 == "\\" } }.map { text in
            String(text.drop { $0 == " " }.prefix { $0 != " " })
        }
        try Self.checkCount(uids)
        try Self.refuseWildcards(uids)
        guard uids.allSatisfy({ StudyUID($0) != nil }) else {
            throw CollimatorError(
                .invalidInput,
                "an identifier of a search is no UID",
                publicDetail: "A value of an attribute that holds a UID is not a UID."
            )
        }
        return uids
    }

    /// Numbers in each form in which they may be kept, and ages and tags as they are.
    private static func exact(_ values: [String], _ vr: VR) throws(CollimatorError) -> [String] {
        try Self.checkCount(values)
        try Self.refuseWildcards(values)
        guard vr.isNumber || vr == .IS || vr == .DS else { return values }
        let forms = try values.map { text throws(CollimatorError) in
            let value = Value.string(text)
            guard let real = value.real, real.isFinite else {
                throw CollimatorError(
                    .invalidInput,
                    "a number of a search is none",
                    publicDetail: "A value of an attribute that holds a number is not a number."
                )
            }
            return [text, real.description] + (Int(exactly: real).map { [String($0)] } ?? [])
        }
        return forms.flatMap { $0 }
    }

    private static func only(_ values: [String]) throws(CollimatorError) -> String {
        guard let value = values.first, values.count == 1 else {
            throw CollimatorError(
                .invalidInput,
                "an attribute of a search has several values and no list",
                publicDetail: "A date, a time, or a name that is matched fuzzily, can be given once."
            )
        }
        try Self.refuseWildcards(values)
        return value
    }

    private static func checkCount(_ values: [String]) throws(CollimatorError) {
        guard (1...Self.valuesMax).contains(values.count) else {
            throw CollimatorError(
                .invalidInput,
                "a list of a search is empty or too long",
                publicDetail: "A list of values has from 1 to 200 of them."
            )
        }
    }

    private static func refuseWildcards(_ values: [String]) throws(CollimatorError) {
        guard !values.contains(where: Self.isWild) else {
            throw CollimatorError(
                .invalidInput,
                "a wildcard stands where there can be none",
                publicDetail: """
                    Wildcards match names, codes and texts only, not UIDs, dates, times or numbers (PS3.4 §C.2.2.2.4).
                    """
            )
        }
    }
}
