import CollimatorCore
import Cryptography
import DICOMweb
import HTTPTypes
import Hummingbird
import Imaging
import Synchronization

/// Videos as they lie in files, whole or in ranges, so that browsers can play and seek.
///
/// The upstream gives files from their beginning only: what lies before a range is read and passed over, never kept.
struct VideoAnswer: Sendable {
    private let lengths = VideoLengths()

    /// How often a video is measured that is replaced by another meanwhile; whoever comes then is told to come later.
    private static let measurementsMax = 2

    /// The video of an instance as an answer; nil where its pixels are kept otherwise.
    ///
    /// - Throws: `unavailable` for one that was replaced each time that it was measured.
    func answer(_ target: InstanceTarget, request: Request, context: CallerContext) async throws -> Response? {
        let call = context.reading
        var broken: (version: VideoVersion, error: CollimatorError)?
        for measurement in 0...Self.measurementsMax {
            switch try await self.opened(target, for: call) {
            case .none: return nil
            case .measured(let video, let length): return self.answer(video, of: length, to: request, context)
            case .unmeasured(let version):
                // What was broken and is still there is broken; in its place there may be a good one by now.
                if let broken, broken.version == version { throw broken.error }
                guard measurement < Self.measurementsMax else { throw Self.replaced }
                do {
                    try await self.measure(version, target, for: call)
                } catch let error as CollimatorError where error.code == .upstreamInvalid {
                    broken = (version, error)
                }
            }
        }
        throw Self.replaced
    }

    /// Finds out the length of the video, unless it was replaced.
    private func measure(_ version: VideoVersion, _ target: InstanceTarget, for call: UpstreamCall) async throws {
        do {
            _ = try await self.lengths.measure(version) {
                guard let video = try await VideoFile.open(target, for: call), video.digest == version.digest else {
                    throw Replaced()
                }
                return try await Self.measure(video)
            }
        } catch is Replaced {
            // Whatever is there now is looked at next.
        }
    }

    /// Another video is in the place of the one that was to be measured.
    private struct Replaced: Error {}

    private static let replaced = CollimatorError(
        .unavailable,
        "a video was replaced each time that it was measured",
        publicDetail: "The video is being replaced. Try again later.",
        retryAfterSeconds: 2
    )

    private enum Opened {
        case none
        case measured(VideoFile, length: Int)
        /// Its stream is let go of: nobody holds a connection to the store while it is measured.
        case unmeasured(VideoVersion)
    }

    private func opened(_ target: InstanceTarget, for call: UpstreamCall) async throws -> Opened {
        guard let video = try await VideoFile.open(target, for: call) else { return .none }
        let version = VideoVersion(address: target.address, digest: video.digest)
        guard let length = video.length ?? self.lengths.length(version) else { return .unmeasured(version) }
        return .measured(video, length: length)
    }

    private func answer(_ video: VideoFile, of length: Int, to request: Request, _ context: CallerContext) -> Response {
        let tag = EntityTag(of: video.digest + Array("\(length)".utf8))
        var headers: HTTPFields = [
            .contentType: video.mediaType,
            .acceptRanges: "bytes",
            .cacheControl: "private, no-cache",
            .vary: varyByCallerAndAccept,
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
        // However short the part is, all that lies before it is read.
        streamedBody(of: part.count) { writer in
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

/// One content of an instance that is a video.
private struct VideoVersion: Hashable, Sendable {
    let address: ImageAddress
    let digest: [UInt8]
}

/// How long the videos are that had to be read to their ends for it.
///
/// One is read once for all who wait. Whoever goes away leaves the others waiting; the last who goes ends the reading.
private final class VideoLengths: Sendable {
    /// The most that are kept; with more, all are forgotten and measured again.
    private static let lengthsMax = 1_000

    private let lengths = Mutex<[VideoVersion: Int]>([:])
    private let flights = Flights<VideoVersion, Int>(.ends)

    func length(_ version: VideoVersion) -> Int? { self.lengths.withLock { $0[version] } }

    func measure(_ version: VideoVersion, _ work: @escaping @Sendable () async throws -> Int) async throws -> Int {
        try await self.flights.value(version) {
            // It may have been measured since.
            if let length = self.length(version) { return length }
            let length = try await work()
            self.lengths.withLock { lengths in
                if lengths.count >= Self.lengthsMax { lengths = [:] }
                lengths[version] = length
            }
            return length
        }
    }
}
