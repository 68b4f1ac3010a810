import DICOMFiles
import Foundation
import TestSupport

/// Builds DICOM bytes by hand, so that a test says exactly what a file holds.
struct SampleFile {
    /// How the data set is encoded.
    struct Encoding {
        var isImplicit = false
        var isBigEndian = false
    }

    static let sopClass = "1.2.840.10008.5.1.4.1.1.7"
    static let identity: [(UInt32, String, String)] = [
        (0x0008_0016, "UI", sopClass),
        (0x0008_0018, "UI", "1.2.3.4"),
        (0x0020_000D, "UI", "1.2.3"),
        (0x0020_000E, "UI", "1.2.3.1"),
    ]

    private let encoding: Encoding
    private var elements: [UInt32: [UInt8]] = [:]

    /// Starts with the UIDs, which every object needs, unless told otherwise.
    init(_ encoding: Encoding = Encoding(), hasIdentity: Bool = true) {
        self.encoding = encoding
        if hasIdentity { for (tag, vr, value) in Self.identity { self.text(tag, vr, value) } }
    }

    mutating func text(_ tag: UInt32, _ vr: String, _ value: String) {
        self.bytes(tag, vr, Array(value.utf8), padding: vr == "UI" ? 0 : 0x20)
    }

    mutating func words(_ tag: UInt32, _ values: [UInt16]) {
        self.words(tag, "US", values)
    }

    mutating func words(_ tag: UInt32, _ vr: String, _ values: [UInt16]) {
        self.bytes(tag, vr, values.flatMap { self.number(UInt64($0), 2) })
    }

    mutating func bytes(_ tag: UInt32, _ vr: String, _ value: [UInt8], padding: UInt8 = 0) {
        let even = value.count % 2 == 0 ? value : value + [padding]
        self.elements[tag] = self.header(tag, vr, even.count) + even
    }

    /// Anything, header and all, in the place of the tag.
    mutating func raw(_ tag: UInt32, _ bytes: [UInt8]) {
        self.elements[tag] = bytes
    }

    /// A sequence of items of explicit length.
    mutating func sequence(_ tag: UInt32, _ items: [SampleFile]) {
        let content = items.flatMap { item in
            let bytes = item.dataSet
            return self.tagBytes(0xFFFE_E000) + self.number(UInt64(bytes.count), 4) + bytes
        }
        self.elements[tag] = self.header(tag, "SQ", content.count) + content
    }

    /// Encapsulated pixel data from an offset table and fragments.
    mutating func fragments(_ parts: [[UInt8]], table: [UInt32] = []) {
        var bytes = self.tagBytes(0x7FE0_0010) + Array("OB".utf8) + [0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
        for part in [table.flatMap { self.number(UInt64($0), 4) }] + parts {
            bytes += self.tagBytes(0xFFFE_E000) + self.number(UInt64(part.count), 4) + part
        }
        self.elements[0x7FE0_0010] = bytes + self.tagBytes(0xFFFE_E0DD) + [0, 0, 0, 0]
    }

    /// The attributes of an image, without the pixels.
    mutating func image(_ shape: Shape) {
        self.words(0x0028_0002, [UInt16(shape.samples)])
        self.text(0x0028_0004, "CS", shape.photometric)
        if shape.samples > 1 { self.words(0x0028_0006, [shape.isPlanar ? 1 : 0]) }
        if shape.frames > 1 { self.text(0x0028_0008, "IS", "\(shape.frames)") }
        self.words(0x0028_0010, [UInt16(shape.rows)])
        self.words(0x0028_0011, [UInt16(shape.columns)])
        self.words(0x0028_0100, [UInt16(shape.bits)])
        self.words(0x0028_0101, [UInt16(shape.stored ?? shape.bits)])
        self.words(0x0028_0102, [UInt16((shape.stored ?? shape.bits) - 1)])
        self.words(0x0028_0103, [shape.isSigned ? 1 : 0])
    }

    /// The elements in ascending order.
    var dataSet: [UInt8] { self.elements.sorted { $0.key < $1.key }.flatMap(\.value) }

    /// Preamble, file meta information and data set.
    func file(transferSyntax: String = "1.2.840.10008.1.2.1") -> [UInt8] {
        Self.head(transferSyntax: transferSyntax) + self.dataSet
    }

    static func head(transferSyntax: String, sopClass: String = Self.sopClass) -> [UInt8] {
        var meta = SampleFile(hasIdentity: false)
        meta.bytes(0x0002_0001, "OB", [0, 1])
        meta.text(0x0002_0002, "UI", sopClass)
        meta.text(0x0002_0003, "UI", "1.2.3.4")
        meta.text(0x0002_0010, "UI", transferSyntax)
        let length = meta.header(0x0002_0000, "UL", 4) + meta.number(UInt64(meta.dataSet.count), 4)
        return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + length + meta.dataSet
    }

    func header(_ tag: UInt32, _ vr: String, _ count: Int) -> [UInt8] {
        let isLong = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"].contains(vr)
        if self.encoding.isImplicit { return self.tagBytes(tag) + self.number(UInt64(count), 4) }
        let length = isLong ? [0, 0] + self.number(UInt64(count), 4) : self.number(UInt64(count), 2)
        return self.tagBytes(tag) + Array(vr.utf8) + length
    }

    func number(_ value: UInt64, _ size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
        return self.encoding.isBigEndian ? little.reversed() : little
    }

    private func tagBytes(_ tag: UInt32) -> [UInt8] {
        self.number(UInt64(tag >> 16), 2) + self.number(UInt64(tag & 0xFFFF), 2)
    }
}

extension SampleFile {
    /// What the image module says.
    struct Shape: Sendable {
        var rows = 2
        var columns = 2
        var samples = 1
        var bits = 8
        var stored: Int?
        var frames = 1
        var isSigned = false
        var isPlanar = false
        var photometric = "MONOCHROME2"
    }
}

/// Keeps a file for the time of a test.
struct StoredFile: ~Copyable {
    let folder: TemporaryDirectory
    let path: String

    init(_ bytes: [UInt8]) throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/sample"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        self.folder = folder
        self.path = path
    }

    /// A path beside the file.
    func beside(_ name: String) -> String { self.folder.path + "/" + name }

    static func read(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// The bytes that bulk data stands for.
    func bytes(_ data: BulkData) throws -> [UInt8] {
        switch data {
        case .bytes(let bytes): return bytes
        case .fileRange(let offset, let length):
            return Array(try Self.read(self.path)[Int(offset)..<Int(offset + length)])
        }
    }
}
