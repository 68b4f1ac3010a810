import CollimatorCore
import Cryptography
import DICOMweb
import HTTPTypes
import Hummingbird
import Synchronization

/// Videos as they lie in files, whole or in ranges, so that browsers can play and seek.
///
/// The upstream gives files from their beginning only: what lies before a range is read and passed over, never kept.
struct VideoAnswer: Sendable {
    private let lengths = VideoLengths()

    /// The video of an instance as an answer; nil where its pixels are kept otherwise.
    func answer(_ target: InstanceTarget, request: Request, context: CallerContext) async throws -> Response? {
        guard var video = try await VideoFile.open(target, for: context.reading) else { return nil }
        var known = video.length ?? self.lengths.length(video.digest)
        if known == nil {
            let measured = try await Self.measure(video)
            self.lengths.keep(measured, of: video.digest)
            guard let again = try await VideoFile.open(target, for: context.reading) else { return nil }
            // It may have been replaced in between.
            known = again.digest == video.digest ? measured : nil
            video = again
        }
        guard let length = known else { throw VideoFile.broken }
        return self.answer(video, of: length, to: request, context)
    }

    private func answer(_ video: VideoFile, of length: Int, to request: Request, _ context: CallerContext) -> Response {
        let tag = EntityTag(of: video.digest + Array("\(length)".utf8))
        var headers: HTTPFields = [
            .contentType: video.mediaType,
            .acceptRanges: "bytes",
            .cacheControl: "private, no-cache",
            .vary: "\(varyByCaller), Accept",
            .eTag: tag.text,
            .contentSecurityPolicy: "default-src 'none'; media-src 'self'; frame-ancestors 'self'; sandbox",
            renditionHeader: "preview",
        ]
        guard !tag.isHeld(by: request) else { return notModified(headers) }
        let part: Range<Int>
        switch ByteRange(request, of: length, tag: tag) {
        case .whole: part = 0..<length
        case .part(let range):
            part = range
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
        case .unsatisfiable:
            let problem = Problem(
                .rangeNotSatisfiable,
                detail: "The range lies beyond the end of the video.",
                requestID: context.requestID
            )
            var response = problem.response()
            response.headers[.contentRange] = "bytes */\(length)"
            return response
        }
        headers[.contentLength] = String(part.count)
        return Response(
            status: headers[.contentRange] == nil ? .ok : .partialContent,
            headers: headers,
            body: Self.body(part, of: video)
        )
    }

    private static func body(_ part: Range<Int>, of video: VideoFile) -> ResponseBody {
        ResponseBody(contentLength: part.count) { writer in
            var share = ThreadShare()
            var ahead = part.lowerBound
            var left = part.count
            for try await chunk in video.bytes {
                await share.spend(chunk.readableBytes)
                var chunk = chunk
                let passed = min(ahead, chunk.readableBytes)
                chunk.moveReaderIndex(forwardBy: passed)
                ahead -= passed
                guard let wanted = chunk.readSlice(length: min(left, chunk.readableBytes)) else { continue }
                if wanted.readableBytes > 0 { try await writer.write(wanted) }
                left -= wanted.readableBytes
                if left == 0 { break }
            }
            guard left == 0 else { throw VideoFile.broken }
            try await writer.finish(nil)
        }
    }

    /// Reads to the end.
    private static func measure(_ video: VideoFile) async throws -> Int {
        var share = ThreadShare()
        var length = 0
        for try await chunk in video.bytes {
            length += chunk.readableBytes
            await share.spend(chunk.readableBytes)
        }
        return length
    }
}

/// How long the videos are that had to be read to their ends for it, by the digest of what tells one from another.
private final class VideoLengths: Sendable {
    /// The most that are kept; with more, all are forgotten and measured again.
    private static let lengthsMax = 1_000

    private let lengths = Mutex<[[UInt8]: Int]>([:])

    func length(_ digest: [UInt8]) -> Int? { self.lengths.withLock { $0[digest] } }

    func keep(_ length: Int, of digest: [UInt8]) {
        self.lengths.withLock { lengths in
            if lengths.count >= Self.lengthsMax { lengths = [:] }
            lengths[digest] = length
        }
    }
}
