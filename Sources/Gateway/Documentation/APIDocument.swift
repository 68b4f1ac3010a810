import CollimatorCore
import EmbeddedFiles
import HTTPTypes
import Yams

/// The description of the HTTP interface (OpenAPI 3.1), parsed, with its references followed.
///
/// It is made of the file that is part of the executable; that every route is in it and nothing else is held by tests.
struct APIDocument {
    let root: Node

    /// Throws where the text is no YAML mapping.
    init(parsing text: String) throws {
        guard let root = try compose(yaml: text), root.mapping != nil else {
            throw CollimatorError(.internalError, "the description of the interface is no mapping")
        }
        self.root = root
    }

    /// The document of this executable.
    static func embedded() throws -> APIDocument {
        try APIDocument(parsing: EmbeddedFile.openAPI.text)
    }

    /// Every operation in the order of the file.
    var operations: [Operation] {
        self.members(self.root["paths"]).flatMap { path, item -> [Operation] in
            let shared = self.elements(item["parameters"])
            return self.members(item).compactMap { name, node -> Operation? in
                guard let method = HTTPRequest.Method(name.uppercased()), Self.methods.contains(method) else {
                    return nil
                }
                return Operation(
                    method: method,
                    path: path,
                    node: node,
                    parameters: shared + self.elements(node["parameters"])
                )
            }
        }
    }

    /// The names and values of a mapping, in the order of the file; none where it is no mapping.
    func members(_ node: Node?) -> [(name: String, node: Node)] {
        guard let mapping = node?.mapping else { return [] }
        return mapping.map { key, value in (name: key.string ?? "", node: self.resolved(value)) }
    }

    /// The elements of a sequence; none where it is no sequence.
    func elements(_ node: Node?) -> [Node] {
        node?.sequence?.map { self.resolved($0) } ?? []
    }

    /// The node itself, or the component that it refers to.
    func resolved(_ node: Node) -> Node {
        guard let reference = Self.reference(node), let target = self.component(reference) else { return node }
        return target
    }

    /// The text of `$ref`, nil where the node is no reference.
    static func reference(_ node: Node) -> String? { node["$ref"]?.string }

    /// What a reference within the document, such as `#/components/schemas/Study`, points at.
    func component(_ reference: String) -> Node? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(self.root as Node?) { node, part in
            node?[String(part)]
        }
    }

    private static let methods: Set<HTTPRequest.Method> = [.get, .put, .post, .delete, .options, .head, .patch, .trace]

    /// One method of one path.
    struct Operation {
        let method: HTTPRequest.Method
        let path: String
        let node: Node
        /// Those of the path and those of the operation.
        let parameters: [Node]

        var identifier: String { self.node["operationId"]?.string ?? "" }
        var summary: String { self.node["summary"]?.string ?? "" }
        var tag: String { self.node["tags"]?.sequence?.first?.string ?? "" }
        /// Whether the operation can be called without an identity.
        var isOpen: Bool { self.node["security"]?.sequence?.isEmpty ?? false }
    }
}
