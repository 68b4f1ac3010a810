import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ImageCodec
import NIOCore
import Testing

@testable import Gateway

@Suite("videos at …/document and …/rendered")
struct VideoTests {
    static let path = "\(Sample.instancePath)/document"

    /// A stream that begins as MP4 does, of 64 bytes.
    static let video: [UInt8] = [0, 0, 0, 24] + Array("ftypisom".utf8) + Array(100..<152)

    static func instance() -> DataSet {
        var set = Sample.instance()
        set.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.77.1.1.1")
        set.set(.numberOfFrames, 30)
        return set
    }

    /// A file with the fragments given.
    static func file(
        _ fragments: [[UInt8]],
        syntax: String = "1.2.840.10008.1.2.4.102",
        isEnded: Bool = true,
        isEncapsulated: Bool = true
    ) -> [UInt8] {
        var writer = DICOMFileSample.Writer(form: .explicitLittle)
        writer.buffer.writeRepeatingByte(0, count: 128)
        writer.buffer.writeString("DICM")
        writer.element(2, 0x0010, "UI", syntax)
        writer.element(0x0008, 0x0018, "UI", Sample.instance)
        writer.element(0x0010, 0x0010, "PN", "Smith^John")
        writer.head(0x7FE0, 0x0010, "OB", isEncapsulated ? 0xFFFF_FFFF : 64)
        for fragment in isEncapsulated ? [[]] + fragments : [] {
            writer.tag(0xFFFE, 0xE000)
            writer.length(UInt32(fragment.count))
            writer.buffer.writeBytes(fragment)
        }
        if isEnded {
            writer.tag(0xFFFE, 0xE0DD)
            writer.length(0)
        }
        return Array(writer.buffer.readableBytesView)
    }

    /// A store that gives the file in chunks of a few bytes, and says how long it is or not.
    private static func upstream(
        _ file: [UInt8],
        saysLength: Bool = true,
        chunk: Int = 7,
        picture: [UInt8]? = nil
    ) -> ScriptedUpstream {
        ScriptedUpstream(exchange: { request in
            if request.path.hasSuffix("/metadata") { return .metadata(Self.instance()) }
            if let picture, request.path.hasSuffix("/rendered") { return .whole(picture, type: "image/jpeg") }
            guard request.path.hasSuffix(Sample.instance) else {
                return .chunks(["no"], status: 400, headers: [.contentType: "text/plain"])
            }
            let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                for start in stride(from: 0, to: file.count, by: chunk) {
                    continuation.yield(ByteBuffer(bytes: file[start..<min(start + chunk, file.count)]))
                }
                continuation.finish()
            }
            var headers: HTTPFields = [.contentType: "application/dicom"]
            if saysLength { headers[.contentLength] = "\(file.count)" }
            return UpstreamResponse(status: 200, headers: headers, body: stream)
        })
    }

    private static func answer(
        _ upstream: ScriptedUpstream,
        at path: String = path,
        _ more: HTTPFields = [:],
        method: HTTPRequest.Method = .get
    ) async throws -> TestResponse {
        var headers = GatewayUnderTest.bearer
        for field in more { headers.append(field) }
        return try await GatewayUnderTest(upstream).request(method, path, headers: headers)
    }

    private static func bytes(_ answer: TestResponse) -> [UInt8] { Array(answer.body.readableBytesView) }

    @Test("the video is given as it lies in the file, and may do nothing", arguments: ["document", "rendered"])
    func whole(name: String) async throws {
        let answer = try await Self.answer(Self.upstream(Self.file([Self.video])), at: "\(Sample.instancePath)/\(name)")
        #expect(answer.status == .ok)
        #expect(Self.bytes(answer) == Self.video)
        #expect(answer.headers[.contentType] == "video/mp4")
        #expect(answer.headers[.contentLength] == "64")
        #expect(answer.headers[.acceptRanges] == "bytes")
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
        #expect(answer.headers[renditionHeader] == "preview")
        #expect(answer.headers[.eTag]?.hasPrefix("\"") == true)
    }

    @Test("fragments are one stream, however the store cuts its answer", arguments: [true, false], [1, 7, 5_000])
    func fragments(saysLength: Bool, chunk: Int) async throws {
        let file = Self.file([Array(Self.video[..<30]), [], Array(Self.video[30...])])
        let upstream = Self.upstream(file, saysLength: saysLength, chunk: chunk)
        let answer = try await Self.answer(upstream, [.range: "bytes=28-33"])
        #expect(answer.status == .partialContent)
        #expect(answer.headers[.contentRange] == "bytes 28-33/64")
        #expect(Self.bytes(answer) == Array(Self.video[28...33]))
    }

    @Test("what had to be measured once is not measured again")
    func measured() async throws {
        let upstream = Self.upstream(Self.file([Self.video]), saysLength: false)
        let gateway = try GatewayUnderTest(upstream)
        try await gateway.application.test(.router) { client in
            // The head tells that it is to be measured, then it is, then it is given.
            for expected in [3, 4, 5] {
                let answer = try await client.execute(uri: Self.path, method: .get, headers: GatewayUnderTest.bearer)
                #expect(answer.status == .ok && answer.headers[.contentLength] == "64")
                let files = upstream.log.requests.filter { $0.path.hasSuffix(Sample.instance) }
                #expect(files.count == expected)
            }
        }
    }

    @Test(
        "a range gives its bytes",
        arguments: [
            ("bytes=0-", 0..<64, "bytes 0-63/64"), ("bytes=0-0", 0..<1, "bytes 0-0/64"),
            ("bytes=10-19", 10..<20, "bytes 10-19/64"), ("bytes=60-1000", 60..<64, "bytes 60-63/64"),
            ("bytes=-4", 60..<64, "bytes 60-63/64"), ("bytes=-1000", 0..<64, "bytes 0-63/64"),
        ]
    )
    func ranges(range: String, part: Range<Int>, told: String) async throws {
        let answer = try await Self.answer(Self.upstream(Self.file([Self.video])), [.range: range])
        #expect(answer.status == .partialContent)
        #expect(answer.headers[.contentRange] == told)
        #expect(answer.headers[.contentLength] == "\(part.count)")
        #expect(Self.bytes(answer) == Array(Self.video[part]))
    }

    @Test(
        "what is no range, or several, gives the whole",
        arguments: [
            "bytes=5-1", "bytes=a-b", "bytes=", "bytes", "bytes=-", "items=0-1", "bytes=0-1,3-4", "bytes=+1-2",
            "bytes=99999999999999999999-",
        ]
    )
    func noRange(range: String) async throws {
        let answer = try await Self.answer(Self.upstream(Self.file([Self.video])), [.range: range])
        #expect(answer.status == .ok && answer.headers[.contentRange] == nil)
        #expect(Self.bytes(answer) == Self.video)
    }

    @Test(
        "a range beyond the end is refused, and the length is told",
        arguments: ["bytes=64-", "bytes=64-70", "bytes=-0"]
    )
    func beyond(range: String) async throws {
        let answer = try await Self.answer(Self.upstream(Self.file([Self.video])), [.range: range])
        #expect(answer.status == .rangeNotSatisfiable)
        #expect(answer.headers[.contentRange] == "bytes */64")
        #expect(try answer.problem().code == "range-not-satisfiable")
    }

    @Test("If-Range gives a part only of what the client has; If-None-Match gives nothing again; HEAD has no range")
    func conditions() async throws {
        let upstream = Self.upstream(Self.file([Self.video]))
        let tag = try #require(try await Self.answer(upstream).headers[.eTag])
        for (condition, status) in [
            (tag, HTTPResponse.Status.partialContent), ("\"other\"", .ok), ("W/\(tag)", .ok),
            ("Mon, 05 Jan 2026 10:30:00 GMT", .ok),
        ] {
            let answer = try await Self.answer(upstream, [.range: "bytes=0-1", .ifRange: condition])
            #expect(answer.status == status, "\(condition)")
        }
        let held = try await Self.answer(upstream, [.ifNoneMatch: tag])
        #expect(held.status == .notModified && held.body.readableBytes == 0)
        let head = try await Self.answer(upstream, [.range: "bytes=0-1"], method: .head)
        #expect(head.status == .ok && head.headers[.contentLength] == "64" && head.body.readableBytes == 0)
        // Other pixels of the same length behind the same beginning of the file are another video.
        var other = Self.video
        other[20] ^= 1
        #expect(try await Self.answer(Self.upstream(Self.file([other]))).headers[.eTag] != tag)
    }

    @Test("bytes that are no video are never given as one")
    func strange() async throws {
        for bytes in [Array("<html><script>alert(1)</script></html>".utf8), [UInt8](repeating: 0x47, count: 64), []] {
            let answer = try await Self.answer(Self.upstream(Self.file([bytes])))
            #expect(answer.status == .badGateway && !answer.text.contains("script"))
        }
        let broken = [
            Self.file([Self.video], isEncapsulated: false), Array(Self.file([Self.video]).prefix(150)),
            Array("<html>".utf8),
        ]
        for file in broken { #expect(try await Self.answer(Self.upstream(file)).status == .badGateway) }
    }

    @Test(
        "the kind is told by the bytes, and of a bare stream by the transfer syntax",
        arguments: [
            ([0, 0, 1, 0xBA] + [UInt8](repeating: 1, count: 60), "100", "video/mpeg"),
            ([0, 0, 0, 1] + [UInt8](repeating: 1, count: 60), "102.1", "video/h264"),
            ([0, 0, 0, 1] + [UInt8](repeating: 1, count: 60), "108", "video/h265"),
            ([0x47] + [UInt8](repeating: 1, count: 187) + [0x47, 0], "102", "video/mp2t"),
        ]
    )
    func kinds(bytes: [UInt8], syntax: String, type: String) async throws {
        let file = Self.file([bytes], syntax: "1.2.840.10008.1.2.4.\(syntax)")
        let answer = try await Self.answer(Self.upstream(file))
        #expect(answer.status == .ok && answer.headers[.contentType] == type)
        #expect(Self.bytes(answer) == bytes)
    }

    @Test("one whose fragments have no end is a failure of the store, never half a video")
    func cut() async throws {
        let file = Self.file([Self.video, Self.video], isEnded: false)
        #expect(try await Self.answer(Self.upstream(file)).status == .badGateway)
    }

    @Test("the instance says where its video is, for a <video> element with a signed address too")
    func link() throws {
        let study = StudyAddress(
            store: try #require(StoreName("radiology")),
            study: try #require(StudyUID(Sample.study))
        )
        let body = try #require(InstanceBody.json(Self.instance(), at: study)).encoded()
        let text = String(decoding: body, as: UTF8.self)
        #expect(text.contains("\"kind\":\"video\""))
        #expect(text.contains("\"rendered\":\"\(Sample.instancePath)/rendered\""))
    }

    @Test("where no video can be made out, /rendered gives the store's picture, and /document says so")
    func fallingBack() async throws {
        let files = [
            Array("<html>".utf8), Self.file([Self.video], isEncapsulated: false),
            Self.file([Array("<html>".utf8)]), Self.file([Self.video, Self.video], isEnded: false),
        ]
        let path = "\(Sample.instancePath)/rendered"
        let picture = try await ScriptedUpstream.file(.jpeg)
        for file in files {
            let upstream = Self.upstream(file, picture: picture)
            let answer = try await Self.answer(upstream, at: path)
            #expect(answer.status == .ok && answer.headers[.contentType] == "image/jpeg")
            #expect(try await Self.answer(upstream).status == .badGateway)
            // Who takes videos alone is told what is wrong with this one, and so is everybody where there is no picture.
            #expect(try await Self.answer(upstream, at: path, [.accept: "video/mp4"]).status == .badGateway)
            #expect(try await Self.answer(Self.upstream(file), at: path).status == .badGateway)
        }
    }

    @Test("a picture is given where one is described or more welcome, and where the pixels are no video")
    func pictures() async throws {
        let upstream = Self.upstream(Self.file([Self.video]))
        let path = "\(Sample.instancePath)/rendered"
        // The store of this test renders nothing.
        for (query, accept) in [("?format=png", "*/*"), ("", "image/jpeg"), ("", "image/*, */*;q=0.8")] {
            let answer = try await Self.answer(upstream, at: path + query, [.accept: accept])
            #expect(answer.status == .badRequest, "\(query) \(accept)")
        }
        for accept in ["*/*", "video/mp4", "video/webm,video/*;q=0.9,*/*;q=0.5"] {
            #expect(try await Self.answer(upstream, at: path, [.accept: accept]).status == .ok, "\(accept)")
        }
        let still = Self.upstream(Self.file([Self.video], syntax: "1.2.840.10008.1.2.4.50"))
        #expect(try await Self.answer(still, at: path).status == .badRequest)
        #expect(try await Self.answer(still).status == .notFound)
    }
}
