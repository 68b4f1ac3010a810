/// Replaces comments and the contents of string literals by spaces, line by line, so that rules see only code.
struct CodeBlanker {
    private let input: [UInt8]
    private var output: [UInt8]
    private var position = 0

    static func blank(_ text: String) -> String {
        var blanker = CodeBlanker(text)
        blanker.run()
        return String(decoding: blanker.output, as: UTF8.self)
    }

    private init(_ text: String) {
        self.input = Array(text.utf8)
        self.output = self.input
    }

    /// Looks at single bytes first: the tests are built without optimisation, and the sources are long.
    private mutating func run() {
        while self.position < self.input.count {
            switch self.input[self.position] {
            case UInt8(ascii: "/") where self.starts("//"): self.blankLineComment()
            case UInt8(ascii: "/") where self.starts("/*"): self.blankBlockComment()
            case UInt8(ascii: "\""), UInt8(ascii: "#"):
                if self.stringStart() == nil { self.position += 1 } else { self.blankString() }
            default: self.position += 1
            }
        }
    }

    private func starts(_ text: StaticString, at offset: Int = 0) -> Bool {
        let from = self.position + offset
        guard from + text.utf8CodeUnitCount <= self.input.count else { return false }
        return text.withUTF8Buffer { bytes in
            bytes.indices.allSatisfy { self.input[from + $0] == bytes[$0] }
        }
    }

    /// Steps over `count` bytes and blanks them; newlines stay, so that line numbers do.
    private mutating func blank(_ count: Int) {
        let end = min(self.position + count, self.input.count)
        while self.position < end {
            if self.input[self.position] != UInt8(ascii: "\n") { self.output[self.position] = UInt8(ascii: " ") }
            self.position += 1
        }
    }

    private mutating func blankLineComment() {
        while self.position < self.input.count, self.input[self.position] != UInt8(ascii: "\n") { self.blank(1) }
    }

    /// Block comments nest in Swift.
    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if self.starts("/*") {
                depth += 1
                self.blank(2)
            } else if self.starts("*/") {
                depth -= 1
                self.blank(2)
            } else {
                self.blank(1)
            }
        } while depth > 0 && self.position < self.input.count
    }

    /// The number of `#` before a quote and the number of quotes (1 or 3), where a string literal starts here.
    private func stringStart() -> (hashes: Int, quotes: Int)? {
        var hashes = 0
        while self.position + hashes < self.input.count, self.input[self.position + hashes] == UInt8(ascii: "#") {
            hashes += 1
        }
        guard self.starts("\"", at: hashes) else { return nil }
        return (hashes, self.starts("\"\"\"", at: hashes) ? 3 : 1)
    }

    private mutating func blankString() {
        guard let (hashes, quotes) = self.stringStart() else { return }
        self.blank(hashes + quotes)
        while self.position < self.input.count {
            let byte = self.input[self.position]
            if byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "\n") {
                self.blank(1)
            } else if self.closes(hashes: hashes, quotes: quotes) {
                self.blank(quotes + hashes)
                return
            } else if self.escapes(hashes: hashes) {
                self.blank(1 + hashes)
                if self.starts("(") { self.blankInterpolation() } else { self.blank(1) }
            } else if quotes == 1, self.input[self.position] == UInt8(ascii: "\n") {
                return
            } else {
                self.blank(1)
            }
        }
    }

    private func closes(hashes: Int, quotes: Int) -> Bool {
        for index in 0..<quotes where !self.starts("\"", at: index) { return false }
        for index in 0..<hashes where !self.starts("#", at: quotes + index) { return false }
        return true
    }

    private func escapes(hashes: Int) -> Bool {
        guard self.starts("\\") else { return false }
        for index in 0..<hashes where !self.starts("#", at: 1 + index) { return false }
        return true
    }

    /// Inside `\(…)` there may be strings again, which may hold parentheses.
    private mutating func blankInterpolation() {
        var depth = 0
        repeat {
            if self.stringStart() != nil {
                self.blankString()
                continue
            }
            if self.starts("(") { depth += 1 }
            if self.starts(")") { depth -= 1 }
            self.blank(1)
        } while depth > 0 && self.position < self.input.count
    }
}
