import NIOCore

/// The header of a part: fields in lines, then an empty line (RFC 2045 §3, in the syntax of RFC 9110 §5).
enum PartHeaderSyntax {
    /// The length of the header with its empty line; nothing while the empty line has not come.
    static func length(in bytes: ByteBufferView) -> Int? {
        if bytes.starts(with: [0x0D, 0x0A]) { return 2 }
        var rest = bytes
        while let index = rest.firstIndex(of: 0x0D) {
            rest = bytes[index...]
            if rest.starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) { return index - bytes.startIndex + 4 }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// The fields of a whole header; continued lines and bare line feeds are refused.
    static func fields(in bytes: ByteBufferView, max: Int) throws(MultipartError) -> HeaderFields {
        var fields = HeaderFields()
        var rest = bytes.dropLast(2)
        var count = 0
        while let end = rest.firstIndex(of: 0x0D) {
            let line = rest[..<end]
            rest = rest[end...].dropFirst(2)
            count += 1
            guard count <= max else { throw .headerTooLarge }
            try Self.append(line, to: &fields)
        }
        guard rest.isEmpty else { throw .malformedHeader }
        return fields
    }

    private static func append(_ line: ByteBufferView, to fields: inout HeaderFields) throws(MultipartError) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
            throw .malformedHeader
        }
        let name = line[..<colon]
        guard name.allSatisfy(HeaderSyntax.isTokenByte) else { throw .malformedHeader }
        var value = line[colon...].dropFirst()
        while let first = value.first, Self.isSpace(first) { value = value.dropFirst() }
        while let last = value.last, Self.isSpace(last) { value = value.dropLast() }
        let isPrintable = value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        guard isPrintable, let text = String(validating: value, as: UTF8.self) else { throw .malformedHeader }
        fields.append(String(decoding: name, as: UTF8.self), text)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
