import DICOMweb

/// How the values of one element become bytes, by VR (PS3.5 §6.2 and §7.3).
enum Part10WriterValues {
    /// Whether the length field has four bytes (PS3.5 §7.1.2).
    static func hasLongLength(_ vr: VR) -> Bool {
        switch vr {
        case .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .SV, .UC, .UN, .UR, .UT, .UV: true
        default: false
        }
    }

    /// What makes the length even: a zero byte for UIDs and binary, a space for text.
    static func padding(_ vr: VR) -> UInt8 {
        switch vr {
        case .AE, .AS, .CS, .DA, .DS, .DT, .IS, .LO, .LT, .PN, .SH, .ST, .TM, .UC, .UR, .UT: 0x20
        default: 0
        }
    }

    /// The size of which binary content must be a multiple; 1 where an odd byte is padded.
    static func unitBytes(_ vr: VR) -> Int {
        switch vr {
        case .SS, .US: 2
        case .AT, .FL, .OF, .OL, .SL, .UL: 4
        case .FD, .OD, .OV, .SV, .UV: 8
        default: 1
        }
    }

    /// The bytes of `values`, not yet padded.
    static func bytes(of values: [Value], _ vr: VR, _ tag: Tag) throws(Part10WriterError) -> [UInt8] {
        // A lone null is an empty value (PS3.18 §F.2.5).
        if values.isEmpty || values == [.null] { return [] }
        switch vr {
        case .LT, .ST, .UT, .UR:
            guard values.count == 1 else { throw Part10WriterError(.invalidValue, tag) }
            guard case .string(let text) = values[0] else { throw Part10WriterError(.wrongKind, tag) }
            return Array(text.utf8)
        case .AE, .AS, .CS, .DA, .DS, .DT, .IS, .LO, .PN, .SH, .TM, .UC, .UI:
            return try self.text(of: values, vr, tag)
        case .AT, .FD, .FL, .SL, .SS, .SV, .UL, .US, .UV:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(values.count * self.unitBytes(vr))
            for value in values { try self.append(value, vr, tag, to: &bytes) }
            return bytes
        case .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .UN:
            throw Part10WriterError(.wrongKind, tag)
        }
    }

    private static func text(of values: [Value], _ vr: VR, _ tag: Tag) throws(Part10WriterError) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\\")) }
            let text = try self.text(of: value, vr, tag)
            // A backslash inside a value would be read as two values (PS3.5 §6.2).
            guard !text.utf8.contains(UInt8(ascii: "\\")) else { throw Part10WriterError(.invalidValue, tag) }
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    private static func text(of value: Value, _ vr: VR, _ tag: Tag) throws(Part10WriterError) -> String {
        switch (value, vr) {
        case (.null, _):
            return ""
        case (.personName(let name), .PN):
            return try self.text(of: name, tag)
        case (.string(let text), .PN):
            return try self.text(of: PersonName(parsing: text), tag)
        case (.string(let text), _):
            return text
        case (.integer(let number), .IS), (.integer(let number), .DS):
            return String(number)
        case (.unsigned(let number), .IS), (.unsigned(let number), .DS):
            return String(number)
        case (.real(let number), .IS):
            guard let integer = Int64(exactly: number) else { throw Part10WriterError(.invalidValue, tag) }
            return String(integer)
        case (.real(let number), .DS):
            guard let text = Part10WriterDecimalString.text(number) else { throw Part10WriterError(.invalidValue, tag) }
            return text
        default:
            throw Part10WriterError(.wrongKind, tag)
        }
    }

    /// Component groups parted by `=`, empty ones at the end left out (PS3.5 §6.2.1.1).
    private static func text(of name: PersonName, _ tag: Tag) throws(Part10WriterError) -> String {
        var groups = [name.alphabetic ?? "", name.ideographic ?? "", name.phonetic ?? ""]
        guard !groups.contains(where: { $0.utf8.contains(UInt8(ascii: "=")) }) else {
            throw Part10WriterError(.invalidValue, tag)
        }
        while groups.last == "" { groups.removeLast() }
        return groups.joined(separator: "=")
    }

    private static func append(
        _ value: Value,
        _ vr: VR,
        _ tag: Tag,
        to bytes: inout [UInt8]
    ) throws(Part10WriterError) {
        switch vr {
        case .US: self.append(try self.integer(value, tag) as UInt16, to: &bytes)
        case .UL: self.append(try self.integer(value, tag) as UInt32, to: &bytes)
        case .UV: self.append(try self.integer(value, tag) as UInt64, to: &bytes)
        case .SS: self.append(try self.integer(value, tag) as Int16, to: &bytes)
        case .SL: self.append(try self.integer(value, tag) as Int32, to: &bytes)
        case .SV: self.append(try self.integer(value, tag) as Int64, to: &bytes)
        case .FL: self.append(Float(try self.real(value, tag)).bitPattern, to: &bytes)
        case .FD: self.append(try self.real(value, tag).bitPattern, to: &bytes)
        default:
            guard case .string(let text) = value else { throw Part10WriterError(.wrongKind, tag) }
            guard let pointed = Tag(hex: text) else { throw Part10WriterError(.invalidValue, tag) }
            self.append(pointed.group, to: &bytes)
            self.append(pointed.element, to: &bytes)
        }
    }

    private static func integer<Number: FixedWidthInteger>(
        _ value: Value,
        _ tag: Tag
    ) throws(Part10WriterError) -> Number {
        let number: Number? =
            switch value {
            case .integer(let integer): Number(exactly: integer)
            case .unsigned(let integer): Number(exactly: integer)
            case .real(let real): Number(exactly: real)
            // 64-bit numbers may be strings in JSON, since many readers hold only 53 bits (PS3.18 §F.2.3).
            case .string(let text) where Number.bitWidth == 64: Number(text)
            default: throw Part10WriterError(.wrongKind, tag)
            }
        guard let number else { throw Part10WriterError(.invalidValue, tag) }
        return number
    }

    private static func real(_ value: Value, _ tag: Tag) throws(Part10WriterError) -> Double {
        switch value {
        case .integer(let integer): return Double(integer)
        case .unsigned(let integer): return Double(integer)
        case .real(let real): return real
        case .string(let text):
            // JSON has no other way to write what is not a finite number.
            guard let real = Double(text), !real.isFinite else { throw Part10WriterError(.wrongKind, tag) }
            return real
        default: throw Part10WriterError(.wrongKind, tag)
        }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: type(of: value).bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
