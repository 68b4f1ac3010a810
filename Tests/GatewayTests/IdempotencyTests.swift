import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("Idempotency-Key")
struct IdempotencyTests {
    private static func post(
        _ gateway: GatewayUnderTest,
        key: String?,
        file: [UInt8] = UploadSample.file()
    ) async throws -> TestResponse {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/dicom"
        headers[.idempotencyKey] = key
        return try await gateway.request(.post, UploadSample.path, headers: headers, body: ByteBuffer(bytes: file))
    }

    @Test("a repeated request gets the kept answer, and nothing is done again")
    func replay() async throws {
        let upstream = UploadSample.storing()
        let gateway = try GatewayUnderTest(upstream)
        let first = try await Self.post(gateway, key: "k-1")
        let second = try await Self.post(gateway, key: "\"k-1\"")
        #expect(first.status == .created && second.status == .created)
        #expect(first.headers[.idempotencyReplayed] == nil && second.headers[.idempotencyReplayed] == "true")
        #expect(first.body == second.body && first.headers[.location] == second.headers[.location])
        #expect(upstream.log.stored.count == 1)
        let third = try await Self.post(gateway, key: "k-2")
        #expect(third.headers[.idempotencyReplayed] == nil)
        #expect(upstream.log.stored.count == 2)
    }

    @Test("another request under the same key is refused", arguments: [900, 1000])
    func another(bytes: Int) async throws {
        let gateway = try GatewayUnderTest(UploadSample.storing())
        _ = try await Self.post(gateway, key: "k")
        var file = UploadSample.file(bytes: bytes)
        file[file.count - 1] = 0
        let answer = try await Self.post(gateway, key: "k", file: file)
        #expect(answer.status == .unprocessableContent)
        #expect(try answer.problem().code == "unprocessable")
    }

    @Test("what is kept of a request is of one size, and tells any two requests apart")
    func fingerprints() {
        func fingerprint(_ path: String, _ type: String?, _ length: String?, method: HTTPRequest.Method = .post)
            -> RequestFingerprint
        {
            var head = HTTPRequest(method: method, scheme: nil, authority: nil, path: path)
            head.headerFields[.contentType] = type
            head.headerFields[.contentLength] = length
            return RequestFingerprint(Request(head: head, body: RequestBody(buffer: ByteBuffer())))
        }
        let all = [
            fingerprint("/a", "b", "1"), fingerprint("/ab", "", "1"), fingerprint("/a", nil, "1"),
            fingerprint("/a", "b1", nil), fingerprint("/a", "b", nil), fingerprint("/a?b", nil, "1"),
            fingerprint("/a", "b", "1", method: .put),
        ]
        #expect(Set(all).count == all.count)
        #expect(fingerprint("/a", "b", "1") == all[0])
        let long = String(reflecting: fingerprint("/\(String(repeating: "x", count: 5000))", nil, nil))
        #expect(!long.contains("xxx"))
    }

    @Test("while a request is under way its key is taken, and free again when it has failed")
    func underWay() async throws {
        let failing = UploadSample.storing { _ in throw DICOMwebError.transport }
        let failed = try GatewayUnderTest(failing)
        for _ in 0..<2 {
            let answer = try await Self.post(failed, key: "k")
            #expect(answer.status == .serviceUnavailable)
        }
        #expect(failing.log.stored.count == 2)

        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let slow = try GatewayUnderTest(
            UploadSample.storing { file in
                begin.finish()
                for await _ in ended {}
                return .stored(UploadSample.reference(instance: UploadSample.instance(of: file)))
            }
        )
        async let first = Self.post(slow, key: "k")
        for await _ in begun {}
        let second = try await Self.post(slow, key: "k")
        end.finish()
        let answer = try await first
        #expect(second.status == .conflict && answer.status == .created)
    }

    @Test("keys that are empty, too long or not printable are refused")
    func keys() async throws {
        let gateway = try GatewayUnderTest(UploadSample.storing())
        for key in ["", "\"\"", String(repeating: "k", count: 256), "caf\u{e9}"] {
            let answer = try await Self.post(gateway, key: key)
            #expect(answer.status == .badRequest)
        }
        let longest = try await Self.post(gateway, key: String(repeating: "k", count: 255))
        #expect(longest.status == .created)
    }

    @Test("answers are kept for a day, and the oldest go where there are too many")
    func bounds() throws {
        let now = Mutex(ContinuousClock.now)
        var limits = IdempotencyStore.Limits()
        limits.entriesMax = 2
        let store = IdempotencyStore(limits: limits) { now.withLock { $0 } }
        func scope(_ text: String) throws -> IdempotencyStore.Scope {
            var headers = HTTPFields()
            headers[.idempotencyKey] = text
            let key = try #require(try IdempotencyKey(headers))
            return IdempotencyStore.Scope(principal: .administrator, route: "POST /", key: key)
        }
        func isNew(_ text: String) throws -> Bool {
            if case .proceed = try store.begin(try scope(text)) { true } else { false }
        }
        let request = Request(
            head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/"),
            body: RequestBody(buffer: ByteBuffer())
        )
        let kept = IdempotencyStore.Kept(
            fingerprint: RequestFingerprint(request),
            bodyDigest: nil,
            answer: WholeAnswer(status: .ok, headers: [:], body: [1])
        )
        for key in ["a", "b", "c"] {
            #expect(try isNew(key))
            store.end(try scope(key), kept)
        }
        #expect(try !isNew("b") && !isNew("c"))
        #expect(try isNew("a"))
        // One is under way and cannot go; the other makes room once.
        #expect(try isNew("d"))
        #expect(throws: CollimatorError.self) { try store.begin(try scope("e")) }
        store.end(try scope("a"), kept)
        store.end(try scope("d"), nil)
        now.withLock { $0 += .seconds(24 * 3600) }
        #expect(try isNew("a"))
    }
}
