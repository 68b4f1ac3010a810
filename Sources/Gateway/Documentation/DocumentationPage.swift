import Cryptography
import EmbeddedFiles
import Yams

/// The description of the HTTP interface as one page for people: no script, nothing from elsewhere, an anchor for every
/// operation and schema.
struct DocumentationPage {
    let document: APIDocument

    /// The page of this executable, made on the first request.
    static let embedded = Result {
        let page = try DocumentationPage(document: .embedded())
        return Array(page.html.utf8)
    }

    /// Nothing may be loaded but the style that stands in the page, known by its hash.
    static let contentSecurityPolicy: String = {
        let hash = SHA256.hash(EmbeddedFile.documentationStyle.bytes)
        return "default-src 'none'; style-src 'sha256-\(Self.base64(hash))'; base-uri 'none'; form-action 'none'; "
            + "frame-ancestors 'none'"
    }()

    /// The whole page.
    var html: String {
        let information = self.document.root["info"]
        let title = information?["title"]?.string ?? ""
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(HTMLText.escaped(title))</title>
            <style>\(EmbeddedFile.documentationStyle.text)</style>
            </head>
            <body>
            <nav aria-label="Contents">
            <a class="skip" href="#top">To the text</a>
            \(self.contents)
            </nav>
            <main id="top">
            <h1>\(HTMLText.escaped(title))</h1>
            <p class="soft">Version \(HTMLText.escaped(information?["version"]?.string ?? "")).
            The same for programs: <a href="/openapi.yaml">openapi.yaml</a>.</p>
            <p class="soft">In the lines for the shell <code>$HOST</code> is where this service is, such as
            <code>http://127.0.0.1:8080</code>, and <code>$KEY</code> the administrator's key.</p>
            \(HTMLText.prose(information?["description"]?.string))
            \(self.groups.map(self.section).joined(separator: "\n"))
            \(self.sharedResponses)
            \(self.schemas)
            </main>
            </body>
            </html>

            """
    }

    /// The tags in the order of the file, each with its operations.
    private var groups: [(tag: Node, operations: [APIDocument.Operation])] {
        let byTag = Dictionary(grouping: self.document.operations, by: \.tag)
        return self.document.elements(self.document.root["tags"]).map { tag in
            (tag, byTag[tag["name"]?.string ?? ""] ?? [])
        }
    }

    private var contents: String {
        let lists = self.groups.map { tag, operations in
            let items = operations.map { operation in
                "<li><a href=\"#\(operation.identifier)\">\(HTMLText.escaped(operation.summary))</a></li>"
            }
            return "<strong>\(HTMLText.escaped(tag["name"]?.string ?? ""))</strong>\n<ul>\(items.joined())</ul>"
        }
        let schemas = self.document.members(self.document.root["components"]?["schemas"]).map { name, _ in
            "<li><a href=\"#\(Self.anchor(ofSchema: name))\">\(HTMLText.escaped(name))</a></li>"
        }
        return lists.joined(separator: "\n")
            + "\n<p><a href=\"#answers\">Shared answers</a></p>\n<strong>Schemas</strong>\n<ul>\(schemas.joined())</ul>"
    }

    private func section(_ group: (tag: Node, operations: [APIDocument.Operation])) -> String {
        let name = group.tag["name"]?.string ?? ""
        return """
            <h2>\(HTMLText.escaped(name))</h2>
            \(HTMLText.prose(group.tag["description"]?.string))
            \(group.operations.map(self.operation).joined(separator: "\n"))
            """
    }

    private var schemas: String {
        let schemas = self.document.members(self.document.root["components"]?["schemas"])
        return "<h2>Schemas</h2>\n"
            + schemas.map { name, node in
                let anchor = Self.anchor(ofSchema: name)
                return """
                    <h3 id="\(anchor)"><a href="#\(anchor)">\(HTMLText.escaped(name))</a></h3>
                    \(self.schemaText(node))
                    """
            }.joined(separator: "\n")
    }

    /// The anchor of a schema; an operation's is its identifier, which has no hyphen.
    static func anchor(ofSchema name: String) -> String { "schema-\(name)" }

    /// Base64 with padding, as the policy wants it.
    private static func base64(_ bytes: [UInt8]) -> String {
        let plain = Base64URL.encode(bytes).replacing("-", with: "+").replacing("_", with: "/")
        return plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    }
}
