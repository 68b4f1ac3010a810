import DICOMweb

/// The growing bytes of one file, and how an element is put at their end.
struct Part10WriterOutput {
    private(set) var bytes: [UInt8] = []
    private let transferSyntax: String
    private let isEncapsulated: Bool
    private let resolve: (String) -> Part10Writer.BulkBytes?

    init(
        transferSyntax: String,
        resolve: @escaping (String) -> Part10Writer.BulkBytes?
    ) throws(Part10WriterError) {
        let isNative = transferSyntax == Part10Writer.explicitVRLittleEndian
        // PS3.6 Annex A: 1.2.4.* are JPEG, JPEG-LS, JPEG 2000, MPEG, HEVC, JPEG XL; 1.2.5 is RLE; 1.2.1.98 and 1.2.8.1
        // are encapsulated uncompressed and deflated frames.
        let isEncapsulated =
            transferSyntax.hasPrefix("1.2.840.10008.1.2.4.")
            || ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"].contains(transferSyntax)
        guard isNative || isEncapsulated else {
            throw Part10WriterError(.unsupportedTransferSyntax, Tag(0x0002, 0x0010))
        }
        self.transferSyntax = transferSyntax
        self.isEncapsulated = isEncapsulated
        self.resolve = resolve
    }

    /// Preamble, prefix and group 0002 (PS3.10 §7.1).
    mutating func appendFileMeta(of dataSet: DataSet) throws(Part10WriterError) {
        let sopClass = try Self.identity(.sopClassUID, in: dataSet)
        let sopInstance = try Self.identity(.sopInstanceUID, in: dataSet)
        self.bytes.append(contentsOf: [UInt8](repeating: 0, count: 128))
        self.bytes.append(contentsOf: "DICM".utf8)
        try self.appendHeader(Tag(0x0002, 0x0000), .UL, byteCount: 4)
        let lengthAt = self.bytes.count
        self.append32(0)
        try self.append(padded: [0, 1], Tag(0x0002, 0x0001), .OB)
        try self.append(padded: Array(sopClass.utf8), Tag(0x0002, 0x0002), .UI)
        try self.append(padded: Array(sopInstance.utf8), Tag(0x0002, 0x0003), .UI)
        try self.append(padded: Array(self.transferSyntax.utf8), Tag(0x0002, 0x0010), .UI)
        try self.append(padded: Array(Part10Writer.implementationClassUID.utf8), Tag(0x0002, 0x0012), .UI)
        try self.append(padded: Array(Part10Writer.implementationVersionName.utf8), Tag(0x0002, 0x0013), .SH)
        self.patch32(at: lengthAt, UInt32(self.bytes.count - lengthAt - 4))
    }

    /// All elements of a data set or item, in tag order.
    mutating func append(_ dataSet: DataSet, depth: Int) throws(Part10WriterError) {
        var wantsCharacterSet = depth == 0
        for entry in dataSet.entries {
            let tag = entry.tag
            // File meta information is made anew and group lengths are retired (PS3.5 §7.2).
            if tag.group == 0x0002 || tag.element == 0x0000 { continue }
            guard tag.group >= 0x0008, tag.group < 0xFFFC else { throw Part10WriterError(.forbiddenTag, tag) }
            if tag == .specificCharacterSet {
                // An item that names its own character set is in UTF-8 now, like everything else.
                wantsCharacterSet = true
                continue
            }
            if wantsCharacterSet, tag > .specificCharacterSet {
                try self.append(padded: Array("ISO_IR 192".utf8), .specificCharacterSet, .CS)
                wantsCharacterSet = false
            }
            try self.append(entry.element, tag, depth: depth)
        }
        if wantsCharacterSet { try self.append(padded: Array("ISO_IR 192".utf8), .specificCharacterSet, .CS) }
    }

    private mutating func append(_ element: Element, _ tag: Tag, depth: Int) throws(Part10WriterError) {
        switch element.content {
        case .empty:
            try self.appendHeader(tag, element.vr, byteCount: 0)
        case .values(let values) where element.vr == .SQ:
            try self.appendSequence(values, tag, depth: depth)
        case .values(let values):
            try self.append(padded: Part10WriterValues.bytes(of: values, element.vr, tag), tag, element.vr)
        case .inlineBinary(let content):
            try self.append(bulk: .native(content), tag, element.vr, depth: depth)
        case .bulkDataURI(let uri):
            guard let bulk = self.resolve(uri) else { throw Part10WriterError(.missingBulkData, tag) }
            try self.append(bulk: bulk, tag, element.vr, depth: depth)
        }
    }

    /// Items with defined lengths (PS3.5 §7.5), patched in once the items are written.
    private mutating func appendSequence(_ items: [Value], _ tag: Tag, depth: Int) throws(Part10WriterError) {
        guard depth < Part10Writer.nestingDepthMax else { throw Part10WriterError(.tooDeep, tag) }
        try self.appendHeader(tag, .SQ, byteCount: 0)
        let sequenceStart = self.bytes.count
        for value in items {
            self.appendItemHeader(byteCount: 0)
            let itemStart = self.bytes.count
            switch value {
            case .item(let item): try self.append(item, depth: depth + 1)
            case .null: break
            default: throw Part10WriterError(.wrongKind, tag)
            }
            try self.patchLength(from: itemStart, tag)
        }
        try self.patchLength(from: sequenceStart, tag)
    }

    private mutating func append(
        bulk: Part10Writer.BulkBytes,
        _ tag: Tag,
        _ vr: VR,
        depth: Int
    ) throws(Part10WriterError) {
        guard vr != .SQ else { throw Part10WriterError(.wrongKind, tag) }
        let isEncapsulatedPixelData = self.isEncapsulated && depth == 0 && tag == .pixelData
        switch bulk {
        case .native(let content) where isEncapsulatedPixelData:
            try self.appendEncapsulated([content], tag)
        case .native(let content):
            guard content.count.isMultiple(of: Part10WriterValues.unitBytes(vr)) else {
                throw Part10WriterError(.invalidValue, tag)
            }
            try self.append(padded: content, tag, vr)
        case .frames(let frames):
            guard isEncapsulatedPixelData else { throw Part10WriterError(.wrongKind, tag) }
            try self.appendEncapsulated(frames, tag)
        case .stream(let content):
            guard isEncapsulatedPixelData else { throw Part10WriterError(.wrongKind, tag) }
            try self.appendEncapsulated([content], tag, hasOffsets: false)
        }
    }

    /// One fragment per frame behind a Basic Offset Table, VR `OB` (PS3.5 §A.4).
    private mutating func appendEncapsulated(
        _ frames: [[UInt8]],
        _ tag: Tag,
        hasOffsets: Bool = true
    ) throws(Part10WriterError) {
        var offsets: [UInt32]? = hasOffsets ? [] : nil
        var offset = 0
        for frame in frames {
            guard frame.count < 0xFFFF_FFFE else { throw Part10WriterError(.tooLong, tag) }
            if let offset32 = UInt32(exactly: offset) { offsets?.append(offset32) } else { offsets = nil }
            offset += 8 + frame.count + frame.count % 2
        }
        self.appendHead(tag, .OB)
        self.append16(0)
        self.append32(0xFFFF_FFFF)
        // Where an offset does not fit in 32 bits the table stays empty, which the standard allows.
        self.appendItemHeader(byteCount: UInt32((offsets?.count ?? 0) * 4))
        for offset in offsets ?? [] { self.append32(offset) }
        for frame in frames {
            self.appendItemHeader(byteCount: UInt32(frame.count + frame.count % 2))
            self.bytes.append(contentsOf: frame)
            if frame.count % 2 == 1 { self.bytes.append(0) }
        }
        self.append16(0xFFFE)
        self.append16(0xE0DD)
        self.append32(0)
    }

    private mutating func append(padded content: [UInt8], _ tag: Tag, _ vr: VR) throws(Part10WriterError) {
        try self.appendHeader(tag, vr, byteCount: content.count + content.count % 2)
        self.bytes.append(contentsOf: content)
        if content.count % 2 == 1 { self.bytes.append(Part10WriterValues.padding(vr)) }
    }

    /// Tag, VR and length (PS3.5 §7.1.2), refused where the length field is too small.
    mutating func appendHeader(_ tag: Tag, _ vr: VR, byteCount: Int) throws(Part10WriterError) {
        self.appendHead(tag, vr)
        if Part10WriterValues.hasLongLength(vr) {
            guard byteCount < 0xFFFF_FFFF else { throw Part10WriterError(.tooLong, tag) }
            self.append16(0)
            self.append32(UInt32(byteCount))
        } else {
            guard let length = UInt16(exactly: byteCount) else { throw Part10WriterError(.tooLong, tag) }
            self.append16(length)
        }
    }

    private mutating func appendHead(_ tag: Tag, _ vr: VR) {
        self.append16(tag.group)
        self.append16(tag.element)
        self.bytes.append(contentsOf: vr.rawValue.utf8)
    }

    private mutating func appendItemHeader(byteCount: UInt32) {
        self.append16(0xFFFE)
        self.append16(0xE000)
        self.append32(byteCount)
    }

    private mutating func patchLength(from start: Int, _ tag: Tag) throws(Part10WriterError) {
        let length = self.bytes.count - start
        guard length < 0xFFFF_FFFF else { throw Part10WriterError(.tooLong, tag) }
        self.patch32(at: start - 4, UInt32(length))
    }

    private mutating func append16(_ value: UInt16) {
        self.bytes.append(UInt8(truncatingIfNeeded: value))
        self.bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    private mutating func append32(_ value: UInt32) {
        self.append16(UInt16(truncatingIfNeeded: value))
        self.append16(UInt16(truncatingIfNeeded: value >> 16))
    }

    private mutating func patch32(at index: Int, _ value: UInt32) {
        for place in 0..<4 { self.bytes[index + place] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(place))) }
    }

    private static func identity(_ tag: Tag, in dataSet: DataSet) throws(Part10WriterError) -> String {
        guard let uid = dataSet.string(tag), !uid.isEmpty else { throw Part10WriterError(.missingIdentity, tag) }
        return uid
    }
}
