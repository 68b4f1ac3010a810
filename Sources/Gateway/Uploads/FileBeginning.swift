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
    /// The SOP class; nil where the bytes do not tell.
    private(set) var sopClassUID: String?
    /// The instance; nil where the bytes do not tell.
    private(set) var instance: InstanceUID?

    /// How many bytes are looked at; the elements stand within the first 300 of any ordinary file.
    static let bytesMax = 1024

    /// The class of a DICOMDIR, the directory of a medium (PS3.4 §B.5).
    private static let mediaStorageDirectory = "1.2.840.10008.1.3.10"

    init(_ bytes: [UInt8]) {
        self.isEmpty = bytes.isEmpty
        self.isDICOM = bytes.count >= 132 && bytes[128..<132].elementsEqual("DICM".utf8)
        if self.isDICOM { self.readMetaInformation(bytes[132...]) }
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

    /// Walks the elements of group 0002, up to the first that does not lie in the bytes as a whole.
    private mutating func readMetaInformation(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while rest.count >= 8, rest[rest.startIndex] == 2, rest[rest.startIndex + 1] == 0 {
            let start = rest.startIndex
            let element = UInt16(rest[start + 2]) | UInt16(rest[start + 3]) << 8
            let representation = String(decoding: rest[(start + 4)..<(start + 6)], as: UTF8.self)
            let isLong = ["OB", "UN", "OW", "SQ", "UT"].contains(representation)
            let headBytes = isLong ? 12 : 8
            guard rest.count >= headBytes else { return }
            let lengthBytes = isLong ? rest[(start + 8)..<(start + 12)] : rest[(start + 6)..<(start + 8)]
            let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
            guard rest.count - headBytes >= length else { return }
            let value = rest[(start + headBytes)..<(start + headBytes + length)]
            if representation == "UI" {
                let text = String(decoding: value.prefix { $0 != 0 && $0 != 0x20 }, as: UTF8.self)
                if element == 0x0002 { self.sopClassUID = text }
                if element == 0x0003 { self.instance = InstanceUID(text) }
            }
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
