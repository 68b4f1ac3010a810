internal import Cryptography

/// A JSON value to be sent, its members in the order in which they were written.
indirect enum JSONNode: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case real(Double)
    case string(String)
    case array([JSONNode])
    case object([JSONMember])

    /// An `int64` of protocol buffers: JSON text, because JavaScript cannot hold it as a number.
    static func int64(_ value: some BinaryInteger) -> JSONNode { .string(String(value)) }

    /// The value of a parsed text; members come in the order of their names.
    init(_ value: StrictJSON) {
        switch value {
        case .null: self = .null
        case .boolean(let boolean): self = .boolean(boolean)
        case .integer(let integer): self = .integer(integer)
        case .real(let real): self = .real(real)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .array(elements.map { JSONNode($0) })
        case .object(let members):
            self = .object(
                members.sorted { $0.key < $1.key }.map { JSONMember(name: $0.key, value: JSONNode($0.value)) }
            )
        }
    }

    /// The members, where the value is an object.
    var members: [JSONMember] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    /// The member of that name, where the value is an object that has it.
    subscript(name: String) -> JSONNode? {
        self.members.first { $0.name == name }?.value
    }
}

/// One name and value of a JSON object.
struct JSONMember: Sendable, Hashable {
    let name: String
    let value: JSONNode
}

extension JSONNode: ExpressibleByStringLiteral {
    init(stringLiteral value: String) { self = .string(value) }
}

extension JSONNode: ExpressibleByBooleanLiteral {
    init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension JSONNode: ExpressibleByIntegerLiteral {
    init(integerLiteral value: Int64) { self = .integer(value) }
}

extension JSONNode: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: JSONNode...) { self = .array(elements) }
}

extension JSONNode: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, JSONNode)...) {
        self = .object(elements.map { JSONMember(name: $0.0, value: $0.1) })
    }
}
