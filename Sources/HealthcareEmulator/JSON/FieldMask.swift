/// A partial answer: the `fields` parameter of Google's REST interfaces, such as `name,labels/team,items(id,name)`.
///
/// A selector is a path of names parted by `/` or `.`, `*` stands for every name, and a list in parentheses applies to
/// what its path leads to. Arrays are passed through element by element.
struct FieldMask: Sendable, Hashable {
    /// The longest text that is parsed, in bytes.
    static let textBytesMax = 2048
    /// How deep selectors may nest.
    static let depthMax = 16

    private indirect enum Selection: Sendable, Hashable {
        case everything
        case only([String: Selection])
    }

    private let selection: Selection

    /// Nil where the text is no list of selectors.
    init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.textBytesMax else { return nil }
        var parser = Parser(rest: text[...])
        guard let selection = parser.list(depth: 0), parser.rest.isEmpty else { return nil }
        self.selection = selection
    }

    /// What the mask leaves of the value.
    func apply(to node: JSONNode) -> JSONNode {
        Self.apply(self.selection, to: node)
    }

    private static func apply(_ selection: Selection, to node: JSONNode) -> JSONNode {
        guard case .only(let names) = selection else { return node }
        switch node {
        case .array(let elements): return .array(elements.map { Self.apply(selection, to: $0) })
        case .object(let members):
            return .object(
                members.compactMap { member in
                    guard let inner = names[member.name] ?? names["*"] else { return nil }
                    return JSONMember(name: member.name, value: Self.apply(inner, to: member.value))
                }
            )
        default: return node
        }
    }

    private struct Parser {
        var rest: Substring

        mutating func list(depth: Int) -> Selection? {
            guard depth <= FieldMask.depthMax else { return nil }
            var names: [String: Selection] = [:]
            repeat {
                guard let (name, selection) = self.selector(depth: depth) else { return nil }
                names[name] = Self.merged(names[name], selection)
            } while self.skip(",")
            return .only(names)
        }

        private mutating func selector(depth: Int) -> (String, Selection)? {
            guard depth <= FieldMask.depthMax else { return nil }
            let name = self.rest.prefix { $0.isLetter || $0.isNumber || "_-$@*".contains($0) }
            guard !name.isEmpty else { return nil }
            self.rest = self.rest.dropFirst(name.count)
            if self.skip("/") || self.skip(".") {
                guard let (inner, selection) = self.selector(depth: depth + 1) else { return nil }
                return (String(name), .only([inner: selection]))
            }
            if self.skip("(") {
                guard let selection = self.list(depth: depth + 1), self.skip(")") else { return nil }
                return (String(name), selection)
            }
            return (String(name), .everything)
        }

        private mutating func skip(_ character: Character) -> Bool {
            guard self.rest.first == character else { return false }
            self.rest = self.rest.dropFirst()
            return true
        }

        private static func merged(_ first: Selection?, _ second: Selection) -> Selection {
            guard case .only(var names) = first, case .only(let others) = second else { return first ?? second }
            for (name, selection) in others { names[name] = Self.merged(names[name], selection) }
            return .only(names)
        }
    }
}
