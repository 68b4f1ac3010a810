internal import Cryptography
internal import ImageCodec

/// The form of a file in the cache: a head that says what follows, and the picture.
///
/// The head holds the name of the file and the hash of the picture, so that a file that is torn, cut off, changed or put
/// in another's place is seen to be.
enum DiskEntry {
    private static let mark = Array("CLMTHMB1".utf8)
    static let headBytes = 8 + 24 + 1 + 8 + SHA256.digestBytes

    static func encode(_ rendition: Rendition, as name: FileName) -> [UInt8] {
        var bytes = self.mark
        bytes.reserveCapacity(self.headBytes + rendition.bytes.count)
        bytes += FileName.bytes(name.study) + FileName.bytes(name.high) + FileName.bytes(name.low)
        bytes.append(rendition.kind.rawValue)
        bytes += FileName.bytes(UInt64(rendition.bytes.count))
        bytes += SHA256.hash(rendition.bytes)
        return bytes + rendition.bytes
    }

    /// Nil where the bytes are not the whole of what was written under the name.
    static func decode(_ bytes: [UInt8], as name: FileName) -> Rendition? {
        guard bytes.count > self.headBytes, bytes.starts(with: self.mark) else { return nil }
        let names = FileName.bytes(name.study) + FileName.bytes(name.high) + FileName.bytes(name.low)
        guard bytes[8..<32].elementsEqual(names), let kind = ImageFormat.Kind(rawValue: bytes[32]) else { return nil }
        let picture = Array(bytes[self.headBytes...])
        guard bytes[33..<41].elementsEqual(FileName.bytes(UInt64(picture.count))),
            bytes[41..<self.headBytes].elementsEqual(SHA256.hash(picture))
        else { return nil }
        return Rendition(bytes: picture, kind: kind)
    }
}
