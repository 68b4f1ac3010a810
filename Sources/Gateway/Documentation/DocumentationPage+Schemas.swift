import Yams

extension DocumentationPage {
    /// A schema in full: its prose, its properties, its example.
    func schemaText(_ schema: Node) -> String {
        let required = Set(self.document.elements(schema["required"]).compactMap(\.string))
        let rows = (schema["properties"]?.mapping).map { properties in
            properties.map { key, value in
                let name = key.string ?? ""
                let note = required.contains(name) ? "" : " <span class=\"soft\">not always there</span>"
                return """
                    <tr><td><code>\(HTMLText.escaped(name))</code></td><td>\(self.typeText(value))\(note)</td>\
                    <td>\(HTMLText.prose(value["description"]?.string))</td></tr>
                    """
            }
        }
        let example = schema["example"] ?? schema["examples"]?.sequence?.first
        let parts = [
            HTMLText.prose(schema["description"]?.string),
            rows.map { Self.table(["Member", "Type", "Meaning"], $0) } ?? "<p>\(self.typeText(schema))</p>",
            example.map { "<pre>\(HTMLText.escaped(ExampleText.text($0)))</pre>" } ?? "",
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// A schema in a few words, with a link where it is a component.
    func typeText(_ schema: Node) -> String {
        if let reference = APIDocument.reference(schema), let name = reference.split(separator: "/").last {
            let anchor = Self.anchor(ofSchema: String(name))
            return "<a href=\"#\(anchor)\">\(HTMLText.escaped(name))</a>"
        }
        for (word, joint) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
            if let choices = schema[word]?.sequence { return choices.map(self.typeText).joined(separator: joint) }
        }
        let names = schema["type"]?.sequence?.compactMap(\.string) ?? [schema["type"]?.string].compactMap { $0 }
        let words = names.map { name in
            name == "array" ? "list of \(schema["items"].map(self.typeText) ?? "anything")" : HTMLText.escaped(name)
        }
        return ([words.joined(separator: " or ")] + self.bounds(schema)).filter { !$0.isEmpty }.joined(separator: ", ")
    }

    private func bounds(_ schema: Node) -> [String] {
        var bounds: [String] = []
        if let choices = schema["enum"]?.sequence {
            let words = choices.compactMap(\.string).map { "<code>\(HTMLText.escaped($0))</code>" }
            bounds.append("one of \(words.joined(separator: ", "))")
        }
        if let format = schema["format"]?.string { bounds.append(HTMLText.escaped(format)) }
        switch (schema["minimum"]?.int, schema["maximum"]?.int) {
        case (let low?, let high?): bounds.append("\(low) to \(high)")
        case (let low?, nil): bounds.append("at least \(low)")
        case (nil, let high?): bounds.append("at most \(high)")
        case (nil, nil): break
        }
        if let standard = schema["default"] {
            bounds.append("default <code>\(HTMLText.escaped(standard.scalar?.string ?? ""))</code>")
        }
        return bounds
    }
}
