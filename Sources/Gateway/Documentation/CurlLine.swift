import HTTPTypes
import Yams

/// A line for the shell that calls an operation with made-up data.
///
/// `$HOST` is where the service is, `$KEY` the administrator's key.
struct CurlLine {
    let text: String

    init(_ operation: APIDocument.Operation, in document: APIDocument) {
        var words = ["curl"]
        if operation.method != .get { words.append("-X \(operation.method.rawValue)") }
        if !operation.isOpen { words.append("-H \"Authorization: Bearer $KEY\"") }
        let parameters = operation.parameters
        for parameter in parameters where parameter["in"]?.string == "header" && Self.isRequired(parameter) {
            words.append("-H '\(parameter["name"]?.string ?? ""): \(Self.example(parameter, in: document))'")
        }
        words += Self.body(operation, in: document)
        var path = operation.path
        for parameter in parameters where parameter["in"]?.string == "path" {
            let name = parameter["name"]?.string ?? ""
            path = path.replacing("{\(name)}", with: Self.example(parameter, in: document))
        }
        let query = parameters.filter { $0["in"]?.string == "query" && ($0["example"] != nil || Self.isRequired($0)) }
            .map { "\($0["name"]?.string ?? "")=\(Self.encoded(Self.example($0, in: document)))" }
        let target = query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
        words.append("\"$HOST\"'\(target)'")
        self.text = words.joined(separator: " ")
    }

    private static func isRequired(_ parameter: Node) -> Bool { parameter["required"]?.bool ?? false }

    /// The parameter's own example, else its schema's.
    private static func example(_ parameter: Node, in document: APIDocument) -> String {
        let schema = parameter["schema"].map(document.resolved)
        let example = parameter["example"] ?? schema?["examples"]?.sequence?.first ?? schema?["default"]
        return example?.scalar?.string ?? "…"
    }

    /// The first media type of the body: its example where there is one, else a file.
    private static func body(_ operation: APIDocument.Operation, in document: APIDocument) -> [String] {
        guard let body = operation.node["requestBody"].map(document.resolved),
            let (type, media) = document.members(body["content"]).first
        else { return [] }
        if type == "application/x-www-form-urlencoded" {
            return document.members(media["example"]).map { name, value in
                "--data-urlencode '\(name)=\(value.string ?? "")'"
            }
        }
        let words = ["-H 'Content-Type: \(type)'"]
        guard let example = media["example"] else { return words + ["--data-binary @scan.dcm"] }
        let json = ExampleText.json(example, indentation: "").split(separator: "\n").map { line in
            line.drop(while: { $0 == " " })
        }
        return words + ["--data '\(json.joined(separator: " "))'"]
    }

    /// Percent-encodes what a query cannot hold.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-._~,:/^*".utf8.contains(byte)
                }
            return isPlain
                ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
