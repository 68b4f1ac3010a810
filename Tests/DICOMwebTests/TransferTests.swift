import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import TestSupport
import Testing

@Suite("Storing and retrieving")
struct TransferTests {
    private static let multipartType = #"multipart/related; type="application/dicom"; boundary=b"#

    /// An answer that is written piece by piece.
    private static func pieces(_ type: String, _ pieces: [String]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type],
            body: ResponseBody { writer in
                for piece in pieces { try await writer.write(ByteBuffer(string: piece)) }
                try await writer.finish(nil)
            }
        )
    }

    @Test("parts come one by one, and what is left of one is passed over")
    func parts() async throws {
        let reference = try #require(SampleReference.make())
        let accepts = Recorder<String>()
        try await withServer { request in
            accepts.record(request.headers[.accept] ?? "")
            return Self.pieces(
                Self.multipartType,
                [
                    "--b\r\nContent-Type: appli", "cation/dicom\r\n\r\nfirst", "\r\n--b\r\n\r\nse", "cond\r\n--b--\r\n",
                    "end",
                ]
            )
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                let whole = try await client.retrieve(.study(reference.study)).collect(partsMax: 2, bytesPerPartMax: 9)
                #expect(whole.map { String(buffer: $0.bytes) } == ["first", "second"])
                #expect(whole[0].headers.contentType == .dicom)

                let parts = try await client.retrieve(.instance(reference), as: .serverDefault)
                var iterator = parts.makeAsyncIterator()
                let first = try await iterator.next()
                let second = try await iterator.next()
                await #expect(throws: DICOMwebError.invalidRequest) { try await first?.body.collect(upTo: 9) }
                let bytes = try await second?.body.collect(upTo: 9)
                #expect(bytes == ByteBuffer(string: "second"))
                for _ in 0..<2 {
                    let none = try await iterator.next()
                    #expect(none == nil)
                }

                await #expect(throws: DICOMwebError.limit(.bodyBytes)) {
                    try await client.retrieve(.instance(reference)).collect(partsMax: 2, bytesPerPartMax: 4)
                }
                await #expect(throws: DICOMwebError.limit(.multipart)) {
                    try await client.retrieve(.instance(reference)).collect(partsMax: 1, bytesPerPartMax: 9)
                }
            }
        }
        #expect(accepts.items[0] == #"multipart/related; type="application/dicom"; transfer-syntax=*"#)
        #expect(accepts.items[1] == #"multipart/related; type="application/dicom""#)
    }

    @Test("letting go of a body in the middle ends the exchange", .timeLimit(.minutes(1)))
    func abandoned() async throws {
        let study = try #require(StudyUID("1.2"))
        let ended = AsyncStream<Void>.makeStream()
        try await withServer { _ in
            Response(
                status: .ok,
                headers: [.contentType: Self.multipartType],
                body: ResponseBody { writer in
                    defer { ended.continuation.finish() }
                    try await writer.write(ByteBuffer(string: "--b\r\n\r\n"))
                    while true { try await writer.write(ByteBuffer(repeating: 0, count: 65536)) }
                }
            )
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                for try await part in try await client.retrieve(.study(study)) {
                    for try await bytes in part.body where bytes.readableBytes > 0 { break }
                    break
                }
                for await _ in ended.stream {}
            }
        }
    }

    @Test("parts that stop in the middle run into the deadline")
    func stalled() async throws {
        let study = try #require(StudyUID("1.2"))
        let text = "HTTP/1.1 200 OK\r\nContent-Type: \(Self.multipartType)\r\nContent-Length: 100\r\n\r\n--b\r\n\r\nx"
        try await ScriptedServer.withServer { _ in
            ScriptedServer.Script(text: text, closes: false)
        } _: { baseURL in
            await #expect(throws: DICOMwebError.timeout) {
                try await withDICOMwebClient(baseURL, impatient(Recorder(), timeout: .milliseconds(300))) {
                    try await $0.retrieve(.study(study)).collect(partsMax: 9, bytesPerPartMax: 99)
                }
            }
        }
    }

    @Test("an answer that is one file is one part")
    func singlePart() async throws {
        let reference = try #require(SampleReference.make())
        try await withServer { _ in
            Self.pieces("application/dicom; transfer-syntax=1.2", ["whole ", "file"])
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                let parts = try await client.retrieve(.instance(reference)).collect(partsMax: 1, bytesPerPartMax: 99)
                #expect(parts.map { String(buffer: $0.bytes) } == ["whole file"])
                #expect(parts[0].headers.contentType?["transfer-syntax"] == "1.2")
            }
        }
    }

    @Test(
        "answers that are no parts are refused",
        arguments: [
            ("text/html", "<html>", DICOMwebError.invalidAnswer(.mediaType)),
            ("application/json", "{}", .invalidAnswer(.mediaType)),
            ("multipart/related", "--b--", .invalidAnswer(.multipart)),
            (Self.multipartType, "--b\r\n\r\nhalf", .invalidAnswer(.truncated)),
            (Self.multipartType, "--b\r\nnonsense\r\n\r\n--b--", .invalidAnswer(.multipart)),
            (Self.multipartType, "", .invalidAnswer(.truncated)),
        ]
    )
    func refused(_ type: String, _ body: String, _ expected: DICOMwebError) async throws {
        let study = try #require(StudyUID("1.2"))
        try await withServer { _ in
            Self.pieces(type, [body])
        } _: { baseURL in
            await #expect(throws: expected) {
                try await withDICOMwebClient(baseURL) {
                    try await $0.retrieve(.study(study)).collect(partsMax: 9, bytesPerPartMax: 99)
                }
            }
        }
    }

    @Test("what is stored arrives as it was, from memory, from disk and from streams")
    func store() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/large.dcm"
        let large = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
        try Data(large).write(to: URL(fileURLWithPath: path))
        let received = Recorder<[ParsedPart]>()
        try await withServer { request in
            let type = request.headers[.contentType].flatMap { MediaType(parsing: $0) }
            let body = try await request.body.collect(upTo: 10_000_000)
            received.record(try parse([Array(body.readableBytesView)], boundary: type?["boundary"] ?? ""))
            let stored = [String](repeating: #"{"00081155":{"vr":"UI","Value":["1.2.3"]}}"#, count: 4).joined(
                separator: ","
            )
            return answer(.ok, "application/dicom+json", #"{"00081199":{"vr":"SQ","Value":[\#(stored)]}}"#)
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
                for piece in ["a", "", "bc"] { continuation.yield(ByteBuffer(string: piece)) }
                continuation.finish()
                let items = [
                    StoreItem.file(path), .bytes([]), StoreItem(.stream(stream)), .bytes(Array("\r\n--".utf8)),
                ]
                let result = try await client.store(items)
                #expect(result.isComplete)
            }
        }
        let parts = try #require(received.items.first)
        #expect(parts.map(\.bytes) == [large, [], Array("abc".utf8), Array("\r\n--".utf8)])
        #expect(parts.allSatisfy { $0.headers.contentType == .dicom })
    }

    @Test("a file or stream that fails makes the call fail with its own error")
    func failingSources() async throws {
        struct Broken: Error {}
        try await withServer { request in
            _ = try await request.body.collect(upTo: 1000)
            return answer(.ok, "application/dicom+json", "{}")
        } _: { baseURL in
            try await withDICOMwebClient(baseURL, impatient(Recorder())) { client in
                let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                    continuation.yield(ByteBuffer(string: "x"))
                    continuation.finish(throwing: Broken())
                }
                await #expect(throws: Broken.self) { try await client.store([StoreItem(.stream(stream))]) }
                await #expect(throws: IOError.self) { try await client.store([.file("/nonexistent/file")]) }
                await #expect(throws: IOError.self) { try await client.storeSinglePart(.file("/nonexistent/file")) }
            }
        }
    }

    @Test("a list of failures is a result, whatever its status; a conflict without one is an error")
    func storeFailures() async throws {
        let failed =
            #"{"00081198":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1.5"]},"00081155":{"vr":"UI","#
            + #""Value":["1.4"]},"00081197":{"vr":"US","Value":[272]},"00091097":{"vr":"LT","Value":["already exists"]}}]}}"#
        for status in [HTTPResponse.Status.conflict, .accepted, .ok] {
            try await withServer { request in
                _ = try await request.body.collect(upTo: 1000)
                return answer(status, "application/dicom+json", failed)
            } _: { baseURL in
                let result = try await withDICOMwebClient(baseURL) { try await $0.storeSinglePart(.bytes([1])) }
                #expect(!result.isComplete && result.stored.isEmpty)
                #expect(result.failed.map(\.failureReason) == [272])
                #expect(result.failed.map(\.instance?.rawValue) == ["1.4"])
                #expect(result.failed.map(\.detail) == ["already exists"])
            }
        }
        try await withServer { request in
            _ = try await request.body.collect(upTo: 1000)
            return answer(.conflict, "application/json", "{}")
        } _: { baseURL in
            await #expect(throws: DICOMwebError.conflict) {
                try await withDICOMwebClient(baseURL) { try await $0.storeSinglePart(.bytes([1])) }
            }
        }
    }

    @Test("an exchange passes headers and both bodies through, but not those of a connection")
    func exchange() async throws {
        let seen = Recorder<String>()
        try await withServer { request in
            seen.record(request.headers[.init("X-Mine")!] ?? "")
            seen.record(request.headers[.authorization] ?? "none")
            let body = try await request.body.collect(upTo: 1000)
            return answer(.init(code: 418), "text/plain", "got \(String(buffer: body))")
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                var request = RawRequest("PUT", "/anything?x=1", headers: ["X-Mine": "1", "Authorization": "stolen"])
                let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
                continuation.yield(ByteBuffer(string: "body"))
                continuation.finish()
                request.body = .stream(stream, length: 4)
                let response = try await client.exchange(request)
                #expect(response.status == 418)
                #expect(response.headers["CONTENT-TYPE"] == "text/plain")
                let body = try await response.body.collect(upTo: 100)
                #expect(String(buffer: body) == "got body")
            }
        }
        #expect(seen.items == ["1", "none"])
    }

    @Test("a deletion is done, or an operation that is waited for")
    func deletion() async throws {
        let asked = Recorder<String>()
        try await withServer { request in
            let count = asked.record("\(request.method) \(request.uri.path)")
            switch (request.method, count) {
            case (.delete, 1): return answer(.ok, "application/json", #"{"name":"projects/p/operations/7"}"#)
            case (.get, 2): return answer(.ok, "application/json", #"{"name":"projects/p/operations/7"}"#)
            case (.get, 3): return answer(.ok, "application/json", #"{"done":true,"response":{}}"#)
            case (.get, 4): return answer(.ok, "application/json", #"{"done":true,"error":{"code":5}}"#)
            case (.delete, 5): return answer(.ok, "application/json", "{}")
            case (.delete, 6): return Response(status: .noContent)
            default: return answer(.ok, "text/plain", "gone")
            }
        } _: { baseURL in
            let root = baseURL.replacing("/dicomWeb", with: "/v1/projects/p/dicomWeb")
            try await withDICOMwebClient(root, impatient(Recorder())) { client in
                let study = DICOMResource.study(try #require(StudyUID("1.2")))
                let outcome = try await client.delete(study)
                #expect(outcome == .operation("projects/p/operations/7"))
                let ended = try await client.waitForOperation("projects/p/operations/7")
                #expect(ended == .succeeded)
                let failed = try await client.operation("projects/p/operations/7")
                #expect(failed == .failed(.notFound))
                for _ in 0..<3 {
                    let done = try await client.delete(study)
                    #expect(done == .done)
                }
                await #expect(throws: DICOMwebError.invalidRequest) { try await client.operation("../secrets") }
            }
        }
        #expect(
            asked.items[0...1] == ["DELETE /v1/projects/p/dicomWeb/studies/1.2", "GET /v1/projects/p/operations/7"]
        )
    }

    @Test("several frames are asked for as parts, one as a picture, with a viewport")
    func rendered() async throws {
        let reference = try #require(SampleReference.make())
        let asked = Recorder<String>()
        try await withServer { request in
            asked.record("\(request.uri) \(request.headers[.accept] ?? "")")
            return answer(.ok, "image/png", "png")
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                let viewport = Viewport(width: 64, height: 32)
                _ = try await client.rendered(reference, format: .png, viewport: viewport)
                    .collect(partsMax: 1, bytesPerPartMax: 9)
                _ = try await client.rendered(reference, frames: [1, 2], format: .png)
                    .collect(partsMax: 1, bytesPerPartMax: 9)
                await #expect(throws: DICOMwebError.invalidAnswer(.mediaType)) { try await client.rendered(reference) }
            }
        }
        let path = "/dicomWeb/studies/1.2/series/1.3/instances/1.4"
        #expect(asked.items[0] == "\(path)/rendered?viewport=64,32 image/png")
        #expect(asked.items[1] == #"\#(path)/frames/1,2/rendered multipart/related; type="image/png""#)
    }
}
