import CollimatorCore
import Cryptography
import DICOMweb
import Imaging
import NIOCore

/// The video that a file holds, on its way from the upstream.
///
/// Its beginning has been read: the elements before the pixels, and as much of the video as tells what it is.
struct VideoFile: Sendable {
    /// `video/mp4` and its like.
    let mediaType: String
    /// Of everything before the video, of its first bytes, and of the length of the file where that is told: it tells one version of the file from another.
    let digest: [UInt8]
    /// Nil where only the end of the file tells, since there may be more than one fragment.
    let length: Int?
    let bytes: ByteStream

    /// How much may stand before the video, in bytes.
    private static let headBytesMax = 4 * 1024 * 1024
    /// Bytes that are read before the first try to make sense of them.
    private static let firstTryBytes = 4_096
    /// What is looked at of the video: two beginnings of packets of a transport stream.
    private static let lookBytes = 189
    /// What ends the fragments: a tag and a length.
    private static let delimiterBytes = 8

    /// The video of an instance; nil where its pixels are kept otherwise.
    static func open(_ target: InstanceTarget, for call: UpstreamCall) async throws -> VideoFile? {
        let file = try await StoredFile.open(target.path, in: target.store, for: call)
        let source = StreamSource(file.bytes)
        var bytes: [UInt8] = []
        var tryAt = Self.firstTryBytes
        while true {
            let chunk = bytes.count < Self.headBytesMax ? try await source.next() : nil
            if let chunk { bytes.append(contentsOf: chunk.readableBytesView) }
            // Each try walks from the beginning: they are made at doubled lengths.
            guard chunk == nil || bytes.count >= tryAt else { continue }
            tryAt = 2 * bytes.count
            let beginning: Beginning?
            do throws(ElementWalk.Failure) {
                beginning = try Beginning(bytes)
            } catch {
                guard error == .incomplete, chunk != nil else { throw Self.broken }
                continue
            }
            guard let beginning else { return nil }
            return try await VideoFile(beginning, head: bytes, rest: source, fileLength: file.length)
        }
    }

    private init(_ beginning: Beginning, head: [UInt8], rest: StreamSource, fileLength: Int?) async throws {
        let read = ByteBuffer(bytes: head[beginning.position...])
        let fragments = VideoFragments(
            base: ResumedStream(head: [read], rest: rest),
            firstLength: beginning.firstLength
        )
        let source = StreamSource(fragments)
        var pieces: [ByteBuffer] = []
        var look: [UInt8] = []
        while look.count < Self.lookBytes, let piece = try await source.next() {
            pieces.append(piece)
            look.append(contentsOf: piece.readableBytesView.prefix(Self.lookBytes - look.count))
        }
        guard let mediaType = Self.mediaType(look, beginning.transferSyntax) else { throw Self.strange }
        self.mediaType = mediaType
        let size = Array("\(fileLength ?? -1)".utf8)
        self.digest = Array(SHA256.hash(head[..<beginning.position] + look + size))
        // Where nothing but the end of the fragments follows the first, it is the only one.
        let end = beginning.position + beginning.firstLength + Self.delimiterBytes
        self.length = fileLength == end ? beginning.firstLength : nil
        self.bytes = ResumedStream(head: pieces, rest: source)
    }

    /// By what the bytes are, not by what the file says; nil for those of no video.
    private static func mediaType(_ look: [UInt8], _ transferSyntax: String) -> String? {
        if look.dropFirst(4).starts(with: "ftyp".utf8) { return "video/mp4" }
        if look.count == self.lookBytes, look.first == 0x47, look.last == 0x47 { return "video/mp2t" }
        guard look.starts(with: [0, 0, 1]) || look.starts(with: [0, 0, 0, 1]) else { return nil }
        // A bare stream: only the transfer syntax tells of what.
        switch transferSyntax.dropFirst("1.2.840.10008.1.2.4.".utf8.count).prefix(3) {
        case "100", "101": return "video/mpeg"
        case "107", "108": return "video/h265"
        default: return "video/h264"
        }
    }

    static var broken: CollimatorError {
        CollimatorError(
            .upstreamInvalid,
            "upstream: the file of a video is not whole, or not in order",
            publicDetail: "The DICOM store answered with a video that is not whole."
        )
    }

    private static var strange: CollimatorError {
        CollimatorError(
            .upstreamInvalid,
            "upstream: the pixel data of a video is none that is known",
            publicDetail: "The video is not of the kind that the instance says."
        )
    }
}

/// Where the video begins in a file.
private struct Beginning {
    /// Of the first byte of the first fragment.
    let position: Int
    let firstLength: Int
    let transferSyntax: String

    /// Nil where the file says that its pixels are no video.
    init?(_ bytes: [UInt8]) throws(ElementWalk.Failure) {
        var walk = try ElementWalk(file: bytes)
        guard ObjectKind.videoSyntaxes.contains(walk.transferSyntax) else { return nil }
        guard try walk.advance(to: .pixelData).length == nil else { throw .unreadable }
        let table = try walk.itemHead()
        guard table.tag == .itemStart, let tableLength = table.length else { throw .unreadable }
        _ = try walk.take(tableLength)
        let first = try walk.itemHead()
        guard first.tag == .itemStart, let firstLength = first.length else { throw .unreadable }
        self.position = walk.position
        self.firstLength = firstLength
        self.transferSyntax = walk.transferSyntax
    }
}
