import HTTPTypes
import Yams

extension DocumentationPage {
    /// One operation: what it does, what it takes, what it answers, and a line for the shell.
    func operation(_ operation: APIDocument.Operation) -> String {
        let method = operation.method.rawValue
        let parts = [
            """
            <h3 id="\(operation.identifier)"><a href="#\(operation.identifier)">\
            <span class="method \(method.lowercased())">\(method)</span> \
            <code>\(HTMLText.escaped(operation.path))</code></a></h3>
            <p><strong>\(HTMLText.inline(operation.summary)).</strong>\(operation.isOpen ? " Needs no caller." : "")</p>
            """,
            HTMLText.prose(operation.node["description"]?.string),
            self.parameters(operation.parameters),
            self.requestBody(operation),
            "<pre class=\"copy\">\(HTMLText.escaped(CurlLine(operation, in: self.document).text))</pre>",
            self.responses(operation),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func parameters(_ parameters: [Node]) -> String {
        guard !parameters.isEmpty else { return "" }
        let rows = parameters.map { parameter in
            let isRequired = parameter["required"]?.bool ?? false
            let schema = parameter["schema"].map(self.typeText) ?? ""
            return """
                <tr><td><code>\(HTMLText.escaped(parameter["name"]?.string ?? ""))</code></td>\
                <td>\(HTMLText.escaped(parameter["in"]?.string ?? ""))\(isRequired ? ", required" : "")</td>\
                <td>\(schema)</td><td>\(HTMLText.prose(parameter["description"]?.string))</td></tr>
                """
        }
        return Self.table(["Parameter", "In", "Type", "Meaning"], rows)
    }

    private func requestBody(_ operation: APIDocument.Operation) -> String {
        guard let body = operation.node["requestBody"].map(self.document.resolved) else { return "" }
        return "<h4>Body</h4>\n\(HTMLText.prose(body["description"]?.string))\n\(self.content(body["content"]))"
    }

    /// What is particular to the operation in full; the problems that many share in one row of links.
    private func responses(_ operation: APIDocument.Operation) -> String {
        var rows: [String] = []
        var shared: [String] = []
        for (key, node) in operation.node["responses"]?.mapping ?? [:] {
            let status = key.string ?? ""
            if let reference = APIDocument.reference(node), let name = reference.split(separator: "/").last {
                shared.append("<a href=\"#\(Self.anchor(ofResponse: name))\">\(HTMLText.escaped(status))</a>")
            } else {
                rows.append(self.row(HTMLText.escaped(status), node))
            }
        }
        if !shared.isEmpty { rows.append("<tr><td>also</td><td>\(shared.joined(separator: ", "))</td></tr>") }
        return Self.table(["Status", "Answer"], rows)
    }

    /// The answers that several operations share.
    var sharedResponses: String {
        let rows = self.document.members(self.document.root["components"]?["responses"]).map { name, node in
            self.row("<span id=\"\(Self.anchor(ofResponse: name))\">\(HTMLText.escaped(name))</span>", node)
        }
        return "<h2 id=\"answers\">Shared answers</h2>\n\(Self.table(["Name", "Answer"], rows))"
    }

    private func row(_ head: String, _ response: Node) -> String {
        let headers = self.document.members(response["headers"]).map { name, _ in
            "<code>\(HTMLText.escaped(name))</code>"
        }
        let note = headers.isEmpty ? "" : "<p class=\"soft\">Headers: \(headers.joined(separator: ", "))</p>"
        return """
            <tr><td>\(head)</td><td>\(HTMLText.prose(response["description"]?.string))\(note)\
            \(self.content(response["content"]))</td></tr>
            """
    }

    private static func anchor(ofResponse name: some StringProtocol) -> String { "answer-\(name)" }

    /// Media types with their schemas, and the first example of each.
    private func content(_ content: Node?) -> String {
        self.document.members(content).map { type, media in
            let schema = media["schema"].map(self.typeText) ?? ""
            let example = media["example"] ?? self.document.members(media["examples"]).first?.node["value"]
            let shown = example.map { "<pre>\(HTMLText.escaped(ExampleText.text($0)))</pre>" } ?? ""
            return "<p><code>\(HTMLText.escaped(type))</code> \(schema)</p>\(shown)"
        }.joined(separator: "\n")
    }

    /// A table that a narrow window can scroll.
    static func table(_ heads: [String], _ rows: [String]) -> String {
        let head = heads.map { "<th scope=\"col\">\($0)</th>" }.joined()
        return """
            <div class="wide"><table><thead><tr>\(head)</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
            """
    }
}
