import DICOMweb
import NIOCore

/// What the first bytes of a DICOM file on its way through say of it.
///
/// It only serves to tell what is no image and to ask whether the instance is there already; what a file is, the upstream
/// decides. The file meta information has a fixed form whatever follows (PS3.10 §7.1): explicit VR, little endian.
struct FileBeginning: Sendable {
    /// Whether there is no byte at all.
    let isEmpty: Bool
    /// Whether it begins as PS3.10 files do.
    let isDICOM: Bool
    /// Whether it begins as zip files do.
    let isZip: Bool
    /// The SOP class; nil where the bytes do not tell.
    private(set) var sopClassUID: String?
    /// The instance as the file meta information names it, which is wrong in some files of the world.
    private var metaInstance: InstanceUID?
    /// The instance as the data set names it, which is what a store goes by.
    private var dataSetInstance: InstanceUID?
    private var transferSyntax: String?

    /// How many bytes are looked at; the elements stand within the first 500 of any ordinary file.
    static let bytesMax = 1024

    /// The class of a DICOMDIR, the directory of a medium (PS3.4 §B.5).
    private static let mediaStorageDirectory = "1.2.840.10008.1.3.10"

    init(_ bytes: [UInt8]) {
        self.isEmpty = bytes.isEmpty
        self.isDICOM = bytes.count >= 132 && bytes[128..<132].elementsEqual("DICM".utf8)
        self.isZip = bytes.starts(with: [0x50, 0x4B, 3, 4])
        if self.isDICOM { self.readElements(bytes[132...]) }
    }

    /// The instance; nil where the bytes do not tell.
    var instance: InstanceUID? { self.dataSetInstance ?? self.metaInstance }

    /// Whether the bytes do not speak against it that this is the instance.
    func admits(_ instance: InstanceUID) -> Bool {
        self.instance == nil || instance == self.dataSetInstance || instance == self.metaInstance
    }

    /// Whether it is the index of a medium.
    var isDirectory: Bool { self.sopClassUID == Self.mediaStorageDirectory }

    /// Reads as much as is needed and gives the stream from its beginning again.
    static func read(_ stream: ByteStream) async throws -> (FileBeginning, ByteStream) {
        let source = StreamSource(stream)
        var head: [ByteBuffer] = []
        var bytes: [UInt8] = []
        while bytes.count < Self.bytesMax, let chunk = try await source.next() {
            head.append(chunk)
            bytes.append(contentsOf: chunk.readableBytesView.prefix(Self.bytesMax - bytes.count))
        }
        return (FileBeginning(bytes), ResumedStream(head: head, rest: source))
    }

    /// Walks the elements up to the SOP Instance UID, or to the first that does not lie in the bytes as a whole.
    private mutating func readElements(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while rest.starts(with: [2, 0]), let element = Element(takenFrom: &rest, isExplicit: true) {
            switch element.number {
            case 0x0002: self.sopClassUID = element.text
            case 0x0003: self.metaInstance = InstanceUID(element.text)
            case 0x0010: self.transferSyntax = element.text
            default: break
            }
        }
        guard let syntax = self.transferSyntax, !Self.unreadSyntaxes.contains(syntax) else { return }
        let isExplicit = syntax != Self.implicitLittleEndian
        while rest.starts(with: [8, 0]), let element = Element(takenFrom: &rest, isExplicit: isExplicit) {
            guard element.number >= 0x0018 else { continue }
            if element.number == 0x0018 { self.dataSetInstance = InstanceUID(element.text) }
            return
        }
    }

    private static let implicitLittleEndian = "1.2.840.10008.1.2"

    /// Big endian, and those whose data sets are deflated (PS3.5 §A).
    private static let unreadSyntaxes: Set<String> = [
        "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205",
    ]

    /// An element in little endian.
    private struct Element {
        let number: UInt16
        let value: ArraySlice<UInt8>

        /// The value up to its padding.
        var text: String { String(decoding: self.value.prefix { $0 != 0 && $0 != 0x20 }, as: UTF8.self) }

        /// The representations whose length has four bytes, after two that are reserved (PS3.5 §7.1.2).
        private static let long: Set<String> = [
            "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV",
        ]

        init?(takenFrom rest: inout ArraySlice<UInt8>, isExplicit: Bool) {
            guard rest.count >= 8 else { return nil }
            let start = rest.startIndex
            var headBytes = 8
            var lengthBytes = rest[(start + 4)..<(start + 8)]
            if isExplicit {
                let representation = String(decoding: rest[(start + 4)..<(start + 6)], as: UTF8.self)
                if Self.long.contains(representation) {
                    headBytes = 12
                    guard rest.count >= headBytes else { return nil }
                    lengthBytes = rest[(start + 8)..<(start + 12)]
                } else {
                    lengthBytes = rest[(start + 6)..<(start + 8)]
                }
            }
            let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
            guard rest.count - headBytes >= length else { return nil }
            self.number = UInt16(rest[start + 2]) | UInt16(rest[start + 3]) << 8
            self.value = rest[(start + headBytes)..<(start + headBytes + length)]
            rest = rest[(start + headBytes + length)...]
        }
    }
}

/// A stream that is read in two places, one after the other and never at once.
///
/// `@unchecked Sendable`: the iterator is used by the reader of the beginning until it returns, and from then on only
/// by the one iterator of ``ResumedStream``, which is driven in order.
final class StreamSource: @unchecked Sendable {
    private var iterator: any AsyncIteratorProtocol<ByteBuffer, any Error>

    init(_ stream: ByteStream) {
        self.iterator = stream.makeAsyncIterator()
    }

    func next() async throws -> ByteBuffer? {
        try await self.iterator.next(isolation: nil)
    }
}

/// The chunks that were read already, then the rest.
struct ResumedStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let head: [ByteBuffer]
    let rest: StreamSource

    func makeAsyncIterator() -> Iterator { Iterator(head: self.head[...], rest: self.rest) }

    struct Iterator: AsyncIteratorProtocol {
        var head: ArraySlice<ByteBuffer>
        let rest: StreamSource

        mutating func next() async throws -> ByteBuffer? {
            if let chunk = self.head.popFirst() { return chunk }
            return try await self.rest.next()
        }
    }
}
