import DICOMweb
import NIOCore

/// The study that a DICOM file is of, read from its beginning.
///
/// It only serves to decide before anything is written; the file then goes to the study's own address, where the upstream
/// refuses what is of another study. A file that is packed, or begins with more than the limit, does not tell.
struct StudyOfFile: Sendable {
    /// How many bytes are looked at and kept in memory: what stands before the study is text for people, mostly.
    static let bytesMax = 1024 * 1024

    /// Reads as much as is needed and gives the stream from its beginning again.
    static func read(_ stream: ByteStream) async throws -> (StudyUID?, ByteStream) {
        let source = StreamSource(stream)
        var head: [ByteBuffer] = []
        var bytes: [UInt8] = []
        var tried = 0
        while bytes.count < Self.bytesMax, let chunk = try await source.next() {
            head.append(chunk)
            bytes.append(contentsOf: chunk.readableBytesView)
            // Each try walks from the beginning: they are made at doubled lengths.
            guard bytes.count >= max(2 * tried, 4_096) || bytes.count >= Self.bytesMax else { continue }
            tried = bytes.count
            do throws(ElementWalk.Failure) {
                return (try Self.study(in: bytes), ResumedStream(head: head, rest: source))
            } catch {
                guard error == .incomplete else { return (nil, ResumedStream(head: head, rest: source)) }
            }
        }
        return (Self.find(bytes), ResumedStream(head: head, rest: source))
    }

    /// The study; nil where the bytes do not tell.
    static func find(_ bytes: [UInt8]) -> StudyUID? {
        do throws(ElementWalk.Failure) {
            return try Self.study(in: bytes)
        } catch {
            return nil
        }
    }

    private static func study(in bytes: [UInt8]) throws(ElementWalk.Failure) -> StudyUID? {
        var walk = try ElementWalk(file: bytes)
        guard let length = try walk.advance(to: .studyInstanceUID).length else { throw .unreadable }
        return StudyUID(ElementWalk.uid(try walk.take(length)))
    }
}
