import Catalog
import CollimatorCore
import DICOMweb

/// What a study must be, told twice.
///
/// The condition is for the catalog; the closure is written from the standard's text and reads the attributes
/// themselves. They share nothing but the folding of text and its division into words.
struct Wish {
    let condition: StudyCondition
    let holds: (Kept) -> Bool

    /// A study as it was put, and what the catalog noted about that.
    struct Kept {
        let store: StoreName
        let entry: StudyEntry
        let change: Int64
        let updatedAt: Int64
    }
}

/// The matching of PS3.4 §C.2.2.2 on attributes, in the plainest way.
enum Reference {
    /// All values of the attribute, in all descriptions of the study; of a name its groups.
    static func values(_ tag: DICOMweb.Tag, _ entry: StudyEntry) -> [String] {
        ([entry.attributes] + entry.variants).flatMap { self.values(tag, $0) }
    }

    static func values(_ tag: DICOMweb.Tag, _ set: DataSet) -> [String] {
        (set[tag]?.values ?? []).flatMap { value -> [String] in
            switch value {
            case .personName(let name):
                [name.alphabetic, name.ideographic, name.phonetic].compactMap { $0 }.map(self.trimmed)
            case .item, .null: []
            default: value.text.map { [$0] } ?? []
            }
        }.filter { !$0.isEmpty }
    }

    /// A name's group without the delimiters that end it (PS3.5 §6.2.1.2).
    static func trimmed(_ name: String) -> String {
        var characters = Array(name)
        while let last = characters.last, last == "^" || last == " " { characters.removeLast() }
        return String(characters)
    }

    /// §C.2.2.2.1, with our folding of everything that is text.
    static func isSame(_ left: String, _ right: String) -> Bool { SearchText.fold(left) == SearchText.fold(right) }

    /// Every word that was typed begins a word that is there (PS3.18 §8.3.4.2).
    static func begin(_ typed: [String], _ texts: [String]) -> Bool {
        let there = texts.flatMap { SearchText.words($0) }.map { Array($0.unicodeScalars) }
        return typed.flatMap { SearchText.typedWords($0) }.map { Array($0.unicodeScalars) }.allSatisfy { word in
            there.contains { Array($0.prefix(word.count)) == word }
        }
    }

    /// §C.2.2.2.4, by trying every length for every star.
    static func matches(_ pattern: String, _ value: String) -> Bool {
        self.glob(
            Array(SearchText.fold(pattern).unicodeScalars)[...],
            Array(SearchText.fold(value).unicodeScalars)[...]
        )
    }

    private static func glob(_ pattern: ArraySlice<Unicode.Scalar>, _ value: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return value.isEmpty }
        if first == "*" {
            return (0...value.count).contains { self.glob(pattern.dropFirst(), value.dropFirst($0)) }
        }
        guard let next = value.first, first == "?" || first == next else { return false }
        return self.glob(pattern.dropFirst(), value.dropFirst())
    }

    /// A name matches with or without the delimiters that may end it.
    static func matchesName(_ pattern: String, _ value: String) -> Bool {
        let missing = 4 - value.filter { $0 == "^" }.count
        return (0...max(0, missing)).contains { self.matches(pattern, value + String(repeating: "^", count: $0)) }
    }

    /// §C.2.2.2.5 for dates, times and date-times: the value's first moment lies between the first moment of the range's
    /// beginning and the last of its end.
    static func isWithin(_ value: String, _ from: String?, _ to: String?, _ vr: VR) -> Bool {
        guard let moment = self.moment(value, vr, filler: 0) else { return false }
        if let from {
            guard let first = self.moment(from, vr, filler: 0), !moment.lexicographicallyPrecedes(first)
            else { return false }
        }
        if let to {
            guard let last = self.moment(to, vr, filler: 9), !last.lexicographicallyPrecedes(moment)
            else { return false }
        }
        return true
    }

    /// Two digits of year, month and so on are one field each; what is missing is filled.
    private static func moment(_ text: String, _ vr: VR, filler: Int) -> [Int]? {
        var text = text.filter { $0 != " " }
        if vr == .DT, let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }) { text = String(text[..<sign]) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isOld = vr == .DA && parts.count == 3
        guard isOld || parts.count == 1 || vr != .DA && parts.count == 2 else { return nil }
        let digits = (isOld ? parts.joined() : parts[0]).filter { vr != .TM || $0 != ":" }
        let most = vr == .DA ? 8 : vr == .TM ? 6 : 14
        guard digits.count % 2 == 0, digits.count <= most, digits.count >= (vr == .TM ? 2 : 4) else { return nil }
        var numbers = digits.compactMap { $0.isASCII ? $0.wholeNumberValue : nil }
        guard numbers.count == digits.count else { return nil }
        if !isOld, parts.count == 2 {
            guard digits.count == most, !parts[1].isEmpty else { return nil }
            let fraction = parts[1].prefix(6).compactMap { $0.wholeNumberValue }
            guard fraction.count == min(6, parts[1].count) else { return nil }
            numbers += fraction
        }
        let length = vr == .DA ? 8 : most + 6
        return numbers + Array(repeating: filler, count: length - numbers.count)
    }

    /// Equal dates or times, whichever way they are written; what is none is compared as text.
    static func isSameTime(_ left: String, _ right: String, _ vr: VR) -> Bool {
        // Different fillers tell what is said from what is not; zeros at the end of a fraction say nothing.
        let moments = [left, right].map { text in [0, 9].map { self.moment(text, vr, filler: $0) } }
        guard moments[0][0] != nil, moments[1][0] != nil else { return self.isSame(left, right) }
        let whole = vr == .DA ? 8 : vr == .TM ? 6 : 14
        return moments[0][0] == moments[1][0]
            && moments[0][1].map { $0.prefix(whole) } == moments[1][1].map { $0.prefix(whole) }
    }
}
