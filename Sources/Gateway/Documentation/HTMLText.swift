import Yams

/// Text on its way into a page.
enum HTMLText {
    /// The text with what HTML would read as markup written as references.
    static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// Prose of the description as HTML.
    ///
    /// Paragraphs, lists of lines that begin with a dash, fenced code, and words between backticks: nothing else of
    /// Markdown is used in it.
    static func prose(_ text: String?) -> String {
        guard let text else { return "" }
        var blocks: [String] = []
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while let line = lines.first {
            if line.allSatisfy({ $0 == " " }) {
                lines.removeFirst()
            } else if line.hasPrefix("```") {
                lines.removeFirst()
                let code = lines.prefix { !$0.hasPrefix("```") }
                lines = lines.dropFirst(code.count + 1)
                blocks.append("<pre>\(Self.escaped(code.joined(separator: "\n")))</pre>")
            } else if line.hasPrefix("- ") {
                blocks.append(Self.list(from: &lines))
            } else {
                let paragraph = lines.prefix { !$0.isEmpty && !$0.hasPrefix("- ") && !$0.hasPrefix("```") }
                lines = lines.dropFirst(paragraph.count)
                blocks.append("<p>\(Self.inline(paragraph.joined(separator: " ")))</p>")
            }
        }
        return blocks.joined(separator: "\n")
    }

    /// Words between backticks as code, the rest escaped.
    static func inline(_ text: some StringProtocol) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        // A backtick without its fellow is a backtick.
        guard parts.count % 2 == 1 else { return Self.escaped(text) }
        return parts.enumerated().map { index, part in
            index % 2 == 1 ? "<code>\(Self.escaped(part))</code>" : Self.escaped(part)
        }.joined()
    }

    private static func list(from lines: inout ArraySlice<Substring>) -> String {
        var items: [String] = []
        while let line = lines.first {
            if line.hasPrefix("- ") {
                items.append(String(line.dropFirst(2)))
            } else if line.hasPrefix("  "), let last = items.popLast() {
                items.append("\(last) \(line.drop(while: { $0 == " " }))")
            } else {
                break
            }
            lines.removeFirst()
        }
        return "<ul>\(items.map { "<li>\(Self.inline($0))</li>" }.joined())</ul>"
    }
}

/// An example of the description as JSON text.
enum ExampleText {
    /// JSON with an indentation of two; a text stays as it is where the example is one.
    static func text(_ node: Node) -> String {
        if case .scalar(let scalar) = node, scalar.style != .plain { return scalar.string }
        return Self.json(node, indentation: "")
    }

    /// One value; short lists of plain values stay on one line.
    static func json(_ node: Node, indentation: String) -> String {
        let deeper = indentation + "  "
        switch node {
        case .mapping(let mapping):
            let members = mapping.map { key, value in
                "\(deeper)\(Self.quoted(key.string ?? "")): \(Self.json(value, indentation: deeper))"
            }
            return members.isEmpty ? "{}" : "{\n\(members.joined(separator: ",\n"))\n\(indentation)}"
        case .sequence(let sequence):
            guard !sequence.isEmpty else { return "[]" }
            let elements = sequence.map { Self.json($0, indentation: deeper) }
            if sequence.allSatisfy({ $0.scalar != nil }), elements.joined().utf8.count < 80 {
                return "[\(elements.joined(separator: ", "))]"
            }
            return "[\n\(elements.map { deeper + $0 }.joined(separator: ",\n"))\n\(indentation)]"
        case .scalar(let scalar):
            let isPlain = scalar.style == .any || scalar.style == .plain
            let isJSON = isPlain && (node.null != nil || node.bool != nil || node.int != nil || node.float != nil)
            guard isJSON else { return Self.quoted(scalar.string) }
            return node.null != nil ? "null" : scalar.string
        case .alias:
            return "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).encoded(), as: UTF8.self)
    }
}
