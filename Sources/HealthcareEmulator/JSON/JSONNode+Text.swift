/// How JSON text is laid out.
enum JSONLayout: Sendable {
    /// Without white space.
    case compact
    /// On lines of their own, indented by two spaces, as Google's services answer by default (`prettyPrint`).
    case pretty
}

extension JSONNode {
    /// The value as JSON text (RFC 8259) in UTF-8; the pretty layout ends in a line feed.
    func text(_ layout: JSONLayout = .compact) -> [UInt8] {
        var writer = JSONTextWriter(layout: layout)
        writer.write(self, depth: 0)
        if case .pretty = layout { writer.bytes.append(UInt8(ascii: "\n")) }
        return writer.bytes
    }
}

/// Appends JSON text to an array of bytes.
private struct JSONTextWriter {
    let layout: JSONLayout
    var bytes: [UInt8] = []

    init(layout: JSONLayout) {
        self.layout = layout
    }

    mutating func write(_ node: JSONNode, depth: Int) {
        switch node {
        case .null: self.append("null")
        case .boolean(let boolean): self.append(boolean ? "true" : "false")
        case .integer(let integer): self.append(String(integer))
        // JSON has neither infinity nor NaN.
        case .real(let real): self.append(real.isFinite ? String(real) : "null")
        case .string(let text): self.write(text)
        case .array(let elements):
            self.write(elements, between: (UInt8(ascii: "["), UInt8(ascii: "]")), depth: depth) { writer, element in
                writer.write(element, depth: depth + 1)
            }
        case .object(let members):
            self.write(members, between: (UInt8(ascii: "{"), UInt8(ascii: "}")), depth: depth) { writer, member in
                writer.write(member.name)
                writer.append(writer.layout == .pretty ? ": " : ":")
                writer.write(member.value, depth: depth + 1)
            }
        }
    }

    private mutating func write<Item>(
        _ items: [Item],
        between brackets: (opening: UInt8, closing: UInt8),
        depth: Int,
        item write: (inout JSONTextWriter, Item) -> Void
    ) {
        self.bytes.append(brackets.opening)
        for (index, item) in items.enumerated() {
            if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
            self.breakLine(depth: depth + 1)
            write(&self, item)
        }
        if !items.isEmpty { self.breakLine(depth: depth) }
        self.bytes.append(brackets.closing)
    }

    private mutating func breakLine(depth: Int) {
        guard self.layout == .pretty else { return }
        self.bytes.append(UInt8(ascii: "\n"))
        self.bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func append(_ text: String) {
        self.bytes.append(contentsOf: text.utf8)
    }

    private mutating func write(_ text: String) {
        let digits = Array("0123456789abcdef".utf8)
        self.bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): self.append("\\\"")
            case UInt8(ascii: "\\"): self.append("\\\\")
            case 0x0A: self.append("\\n")
            case 0x00...0x1F, 0x7F:
                self.append("\\u00")
                self.bytes.append(digits[Int(byte >> 4)])
                self.bytes.append(digits[Int(byte & 0xF)])
            default: self.bytes.append(byte)
            }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }
}
