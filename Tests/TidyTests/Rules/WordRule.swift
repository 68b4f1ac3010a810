import Foundation

/// Words that do not belong in the sources, each with the way that is right here.
enum WordRule {
    struct Ban: Sendable {
        let word: String
        let instead: String
        /// Whether a file may use the word all the same.
        let exempts: @Sendable (SourceFile) -> Bool
    }

    static let bans: [Ban] = [
        Ban(word: "try!", instead: "throw, or handle the error") { _ in false },
        Ban(word: "try?", instead: "handle the error, or say that it may fail and why") { _ in false },
        Ban(word: "as!", instead: "use a conditional cast") { _ in false },
        Ban(word: "fatalError", instead: "precondition for the programmer's error, throw for the world") { _ in false },
        Ban(word: "print(", instead: "the command line's Console, or the logger") { _ in false },
        Ban(word: "Date()", instead: "take the time from a clock that is passed in") {
            $0.name.hasSuffix("+Live.swift")
        },
        Ban(word: "UUID()", instead: "take the identifier from a client that is passed in") {
            $0.name.hasSuffix("+Live.swift")
        },
        Ban(word: "Logger.current", instead: "a logger that is passed in, or one with a label") { _ in false },
    ]

    static func bannedWords(_ file: SourceFile) -> [Violation] {
        file.code.enumerated().flatMap { index, line in
            self.bans.filter { self.contains($0.word, in: line) && !$0.exempts(file) }.map { ban in
                Violation(file, line: index + 1, "`\(ban.word)` is not used here: \(ban.instead)")
            }
        }
    }

    /// A word that something is still to be done needs the number of the issue that does it: `TODO(#12)`.
    static func unnumberedReminders(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line -> [Violation] in
            ["TODO", "FIXME", "XXX"].compactMap { word in
                guard let found = line.range(of: word), self.isWord(found, in: line) else { return nil }
                let rest = line[found.upperBound...]
                let isNumbered = rest.hasPrefix("(#") && rest.dropFirst(2).first?.isNumber == true
                return isNumbered ? nil : Violation(file, line: index + 1, "\(word) without an issue: \(word)(#12)")
            }
        }
    }

    private static func contains(_ word: String, in line: Substring) -> Bool {
        var rest = line[...]
        while let found = rest.range(of: word) {
            // `Foo.Date()` and `sprint(` are other words.
            let before = found.lowerBound > line.startIndex ? line[line.index(before: found.lowerBound)] : " "
            if !before.isLetter, !before.isNumber, before != "_" { return true }
            rest = rest[found.upperBound...]
        }
        return false
    }

    private static func isWord(_ range: Range<Substring.Index>, in line: Substring) -> Bool {
        let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : " "
        let after = range.upperBound < line.endIndex ? line[range.upperBound] : " "
        return !before.isLetter && !before.isNumber && !after.isLetter && !after.isNumber
    }
}
