import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@Suite("Retries")
struct RetryTests {
    private static let empty = "[]"

    @Test("a throttled search is tried again after the wait that the server asks for")
    func throttled() async throws {
        let waits = Recorder<Duration>()
        let requests = Recorder<String>()
        try await withServer { request in
            requests.record(request.uri.path) == 1
                ? answer(.tooManyRequests, "application/json", "{}", [.retryAfter: "7"])
                : answer(.ok, "application/dicom+json", Self.empty)
        } _: { baseURL in
            let found = try await withDICOMwebClient(baseURL, impatient(waits)) { try await $0.searchStudies() }
            #expect(found.isEmpty)
        }
        #expect(requests.items.count == 2)
        #expect(waits.items == [.seconds(7)])
    }

    @Test("there are three attempts, with waits of full jitter")
    func attempts() async throws {
        let waits = Recorder<Duration>()
        let requests = Recorder<Void>()
        try await withServer { _ in
            requests.record(())
            return answer(.badGateway, "text/plain", "")
        } _: { baseURL in
            await #expect(throws: DICOMwebError.upstreamFault(status: 502)) {
                try await withDICOMwebClient(baseURL, impatient(waits)) { try await $0.searchStudies() }
            }
        }
        #expect(requests.items.count == 3)
        #expect(waits.items == [.milliseconds(250), .milliseconds(500)])
    }

    @Test("when the budget is used up nothing is tried again")
    func budget() async throws {
        let requests = Recorder<Void>()
        var configuration = impatient(Recorder())
        configuration.retry.budgetReserve = 3
        configuration.retry.budgetRatio = 0
        try await withServer { _ in
            requests.record(())
            return answer(.serviceUnavailable, "text/plain", "")
        } _: { [configuration] baseURL in
            try await withDICOMwebClient(baseURL, configuration) { client in
                for _ in 0..<4 {
                    await #expect(throws: DICOMwebError.unavailable(retryAfter: nil)) {
                        try await client.searchStudies()
                    }
                }
            }
        }
        // Two attempts more for the first call, one for the second, none for the others.
        #expect(requests.items.count == 4 + 3)
    }

    @Test("faults that do not pass, and deletions, are not tried again")
    func notRepeated() async throws {
        let requests = Recorder<Void>()
        let status = Recorder<Void>()
        try await withServer { _ in
            requests.record(())
            return answer(status.items.isEmpty ? .internalServerError : .serviceUnavailable, "text/plain", "")
        } _: { baseURL in
            try await withDICOMwebClient(baseURL, impatient(Recorder())) { client in
                await #expect(throws: DICOMwebError.upstreamFault(status: 500)) { try await client.searchStudies() }
                status.record(())
                await #expect(throws: DICOMwebError.unavailable(retryAfter: nil)) {
                    try await client.delete(.study(#require(StudyUID("1.2"))))
                }
            }
        }
        #expect(requests.items.count == 2)
    }

    @Test("a connection that breaks before the answer is made again for searches")
    func brokenConnection() async throws {
        let waits = Recorder<Duration>()
        let answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        try await ScriptedServer.withServer { connection in
            ScriptedServer.Script(text: connection == 1 ? "" : answer)
        } _: { baseURL in
            let found = try await withDICOMwebClient(baseURL, impatient(waits)) { try await $0.searchStudies() }
            #expect(found.isEmpty)
        }
        #expect(waits.items.count == 1)
    }

    @Test("where no connection can be made, storing and deleting are tried again too: nothing was sent")
    func refusedConnection() async throws {
        let waits = Recorder<Duration>()
        // Nobody listens on port 1 of the loopback interface.
        try await withDICOMwebClient("http://127.0.0.1:1/d", impatient(waits)) { client in
            let (stream, continuation) = AsyncStream.makeStream(of: StoreItem.self)
            continuation.yield(.bytes([1]))
            continuation.finish()
            await #expect(throws: DICOMwebError.transport) { try await client.store(stream: stream) }
            #expect(waits.items.count == 2)
            await #expect(throws: DICOMwebError.transport) {
                try await client.delete(.study(#require(StudyUID("1.2"))))
            }
            #expect(waits.items.count == 4)
            var request = RawRequest("GET", "/studies")
            request.retry = .never
            await #expect(throws: DICOMwebError.transport) { try await client.exchange(request) }
            #expect(waits.items.count == 4)
        }
    }

    @Test(
        "a store is not tried again once bytes were sent, unless the caller says that it may",
        arguments: [false, true]
    )
    func store(_ isRepeated: Bool) async throws {
        let waits = Recorder<Duration>()
        let result = #"{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.4"]}}]}}"#
        let text =
            "HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nConnection: close\r\n"
            + "Content-Length: \(result.utf8.count)\r\n\r\n\(result)"
        try await ScriptedServer.withServer { connection in
            // Closing with bytes unread resets the connection, and the answer may go with it: the client closes the second.
            ScriptedServer.Script(afterBytes: 2000, text: connection == 1 ? "" : text, closes: connection == 1)
        } _: { baseURL in
            try await withDICOMwebClient(baseURL, impatient(waits)) { client in
                let items = [StoreItem.bytes([UInt8](repeating: 1, count: 4000))]
                let options = StoreOptions(isRepeatedBySOPInstance: isRepeated)
                if isRepeated {
                    let result = try await client.store(items, options)
                    #expect(result.stored.map(\.instance?.rawValue) == ["1.4"])
                } else {
                    await #expect(throws: DICOMwebError.transport) { try await client.store(items, options) }
                }
            }
        }
        #expect(waits.items.count == (isRepeated ? 1 : 0))
    }

    @Test("a stream is never sent twice, whatever the caller says")
    func storeStream() async throws {
        let requests = Recorder<Void>()
        try await withServer { request in
            requests.record(())
            _ = try await request.body.collect(upTo: 10_000)
            return answer(.serviceUnavailable, "text/plain", "")
        } _: { baseURL in
            try await withDICOMwebClient(baseURL, impatient(Recorder())) { client in
                let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
                continuation.yield(ByteBuffer(string: "x"))
                continuation.finish()
                await #expect(throws: DICOMwebError.unavailable(retryAfter: nil)) {
                    try await client.store(
                        [StoreItem(.stream(stream))],
                        StoreOptions(isRepeatedBySOPInstance: true)
                    )
                }
            }
        }
        #expect(requests.items.count == 1)
    }

    @Test("a refused credential is replaced once, for bodies that can be sent again as well")
    func refresh() async throws {
        let seen = Recorder<String>()
        let asked = Recorder<Bool>()
        try await withServer { request in
            _ = try await request.body.collect(upTo: 10_000)
            seen.record(request.headers[.authorization] ?? "none")
            return request.headers[.authorization] == "Bearer new"
                ? answer(.ok, "application/dicom+json", request.method == .get ? "[]" : storedAnswer)
                : answer(.unauthorized, "application/json", "{}")
        } _: { baseURL in
            try await withDICOMwebClient(baseURL, impatient(Recorder())) { isRefused in
                asked.record(isRefused)
                return isRefused ? "Bearer new" : "Bearer old"
            } _: { client in
                let found = try await client.searchStudies()
                #expect(found.isEmpty)
                let result = try await client.store([.bytes([1, 2, 3])])
                #expect(result.isComplete)
            }
        }
        #expect(seen.items == ["Bearer old", "Bearer new", "Bearer old", "Bearer new"])
        #expect(asked.items == [false, true, false, true])
    }

    @Test("a refused credential is replaced for the next call where the body cannot be sent again")
    func refreshAfterStream() async throws {
        let asked = Recorder<Bool>()
        try await withServer { request in
            _ = try await request.body.collect(upTo: 10_000)
            return answer(.unauthorized, "application/json", "{}")
        } _: { baseURL in
            try await withDICOMwebClient(baseURL, impatient(Recorder())) { isRefused in
                asked.record(isRefused)
                return "Bearer x"
            } _: { client in
                let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
                continuation.yield(ByteBuffer(string: "x"))
                continuation.finish()
                await #expect(throws: DICOMwebError.refused(.unauthenticated)) {
                    try await client.storeSinglePart(.stream(stream))
                }
            }
        }
        #expect(asked.items == [false, true])
    }

    @Test("an answer that names fewer instances than were sent is not complete", arguments: ["{}", storedAnswer])
    func incomplete(text: String) async throws {
        try await withServer { request in
            _ = try await request.body.collect(upTo: 10_000)
            return answer(.ok, "application/dicom+json", text)
        } _: { baseURL in
            let result = try await withDICOMwebClient(baseURL) { try await $0.store([.bytes([1]), .bytes([2])]) }
            #expect(!result.isComplete && result.sentCount == 2)
        }
    }

    @Test("a fresh credential is asked for once, also when the server falters after it")
    func refreshOnce() async throws {
        let asked = Recorder<Bool>()
        let requests = Recorder<Void>()
        try await withServer { _ in
            switch requests.record(()) {
            case 1: answer(.unauthorized, "application/json", "{}")
            case 2: answer(.serviceUnavailable, "application/json", "{}")
            default: answer(.ok, "application/dicom+json", "[]")
            }
        } _: { baseURL in
            let found = try await withDICOMwebClient(baseURL, impatient(Recorder())) { isRefused in
                asked.record(isRefused)
                return "Bearer x"
            } _: {
                try await $0.searchStudies()
            }
            #expect(found.isEmpty)
        }
        #expect(asked.items == [false, true, false])
    }

    @Test("a credential refused twice is an error, and without one none is asked for again")
    func refusedForGood() async throws {
        let requests = Recorder<Void>()
        try await withServer { _ in
            requests.record(())
            return answer(.unauthorized, "application/json", "{}")
        } _: { baseURL in
            await #expect(throws: DICOMwebError.refused(.unauthenticated)) {
                try await withDICOMwebClient(baseURL, authorization: { _ in "Bearer x" }) {
                    try await $0.searchStudies()
                }
            }
            #expect(requests.items.count == 2)
            await #expect(throws: DICOMwebError.refused(.unauthenticated)) {
                try await withDICOMwebClient(baseURL) { try await $0.searchStudies() }
            }
            #expect(requests.items.count == 3)
        }
    }
}

/// The answer to a store request that says of one instance that it was stored.
private let storedAnswer = #"{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2.3"]}}]}}"#
