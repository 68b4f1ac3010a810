import DICOMweb
import NIOCore

/// The study that a DICOM file is of, read from its beginning.
///
/// It only serves to decide before anything is written; the file then goes to the study's own address, where the upstream
/// refuses what is of another study. A file that is packed, or begins with more than the limit, does not tell.
struct StudyOfFile: Sendable {
    /// How many bytes are looked at and kept in memory: what stands before the study is text for people, mostly.
    static let bytesMax = 1024 * 1024

    /// What a file says of where it belongs; nil is what it does not tell.
    struct Place: Sendable, Equatable {
        var study: StudyUID?
        var series: SeriesUID?
    }

    /// Reads as much as is needed and gives the stream from its beginning again.
    static func read(_ stream: ByteStream) async throws -> (StudyUID?, ByteStream) {
        let (place, whole) = try await self.readPlace(stream)
        return (place.study, whole)
    }

    /// The same with the series, which stands next to the study.
    static func readPlace(_ stream: ByteStream) async throws -> (Place, ByteStream) {
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
                return (try Self.place(in: bytes, isAll: false), ResumedStream(head: head, rest: source))
            } catch {
                guard error == .incomplete else { return (Place(), ResumedStream(head: head, rest: source)) }
            }
        }
        return (Self.findPlace(bytes), ResumedStream(head: head, rest: source))
    }

    /// The study; nil where the bytes do not tell.
    static func find(_ bytes: [UInt8]) -> StudyUID? { self.findPlace(bytes).study }

    private static func findPlace(_ bytes: [UInt8]) -> Place {
        do throws(ElementWalk.Failure) {
            return try Self.place(in: bytes, isAll: true)
        } catch {
            return Place()
        }
    }

    /// `isAll` says that there are no more bytes: what they do not tell is told nowhere.
    private static func place(in bytes: [UInt8], isAll: Bool) throws(ElementWalk.Failure) -> Place {
        var walk = try ElementWalk(file: bytes)
        guard let length = try walk.advance(to: .studyInstanceUID).length else { throw .unreadable }
        var place = Place(study: StudyUID(ElementWalk.uid(try walk.take(length))))
        do throws(ElementWalk.Failure) {
            guard let length = try walk.advance(to: .seriesInstanceUID).length else { return place }
            place.series = SeriesUID(ElementWalk.uid(try walk.take(length)))
        } catch {
            if error == .incomplete, !isAll { throw error }
        }
        return place
    }
}
