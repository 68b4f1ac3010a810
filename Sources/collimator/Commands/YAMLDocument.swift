import Cryptography
import FoundationEssentials
import Yams

/// A file of YAML, and so of JSON too, as values.
///
/// Numbers stay the texts that they are written as: a UID of two parts is no number, nor is the ID of a patient.
enum YAMLDocument {
    /// The longest file that is read.
    static let bytesMax = 32 * 1024 * 1024
    /// The most values of a file; names that stand for others count again wherever they stand.
    static let valuesMax = 2_000_000
    static let depthMax = 16

    /// Throws ``CommandFailure``.
    static func read(_ path: String) throws -> StrictJSON {
        let data = try PolicyInput.read(path)
        guard data.count <= Self.bytesMax, let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure.notDone("The file \(TextTable.clean(path)) is no text, or too long.")
        }
        return try Self.parse(text, path)
    }

    static func parse(_ text: String, _ path: String) throws -> StrictJSON {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw CommandFailure.notDone("The file \(TextTable.clean(path)) is no YAML.", remedy: Self.place(error))
        }
        var left = Self.valuesMax
        guard let node, let value = Self.value(node, depth: 0, &left) else {
            throw CommandFailure.notDone(
                "The file \(TextTable.clean(path)) is empty, names a member twice or nests too deep."
            )
        }
        return value
    }

    private static func value(_ node: Node, depth: Int, _ left: inout Int) -> StrictJSON? {
        left -= 1
        guard depth < Self.depthMax, left > 0 else { return nil }
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            switch scalar.string {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            case "", "~", "null": return .null
            default: return .string(scalar.string)
            }
        case .sequence(let sequence):
            var elements: [StrictJSON] = []
            for element in sequence {
                guard let element = Self.value(element, depth: depth + 1, &left) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        case .mapping(let mapping):
            var members: [String: StrictJSON] = [:]
            for (key, member) in mapping {
                guard let name = key.scalar?.string, let member = Self.value(member, depth: depth + 1, &left),
                    members.updateValue(member, forKey: name) == nil
                else { return nil }
            }
            return .object(members)
        case .alias: return nil
        }
    }

    private static func place(_ error: YamlError) -> String? {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            "It cannot be read at line \(mark.line), column \(mark.column)."
        default: nil
        }
    }
}
