import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("videos of untold length")
struct VideoLengthTests {
    private static let callers = 20

    @Test("of many who come at once one reads the video to its end, and all get it")
    func many() async throws {
        let store = SlowStore()
        try await GatewayUnderTest(store.upstream).application.test(.router) { client in
            let answers = (0..<Self.callers).map { _ in Task { try await Self.video(client) } }
            // Each has looked at the head, and one has begun to measure.
            await store.asked(Self.callers + 1)
            store.open()
            for answer in answers {
                let answer = try await answer.value
                #expect(answer.status == .ok && Array(answer.body.readableBytesView) == SlowStore.video)
            }
            #expect(store.readToEnd == 1)
            let openings = store.openings
            #expect(openings <= 2 * Self.callers + 1)
            // What is known is not asked again.
            #expect(try await Self.video(client).status == .ok)
            #expect(store.readToEnd == 1 && store.openings == openings + 1)
        }
    }

    @Test("when the first goes away the others still get the video")
    func leavingLeader() async throws {
        let store = SlowStore()
        try await GatewayUnderTest(store.upstream).application.test(.router) { client in
            let leader = Task { try await Self.video(client) }
            await store.asked(2)
            let follower = Task { try await Self.video(client) }
            await store.asked(3)
            leader.cancel()
            _ = await leader.result
            store.open()
            let answer = try await follower.value
            #expect(answer.status == .ok && Array(answer.body.readableBytesView) == SlowStore.video)
        }
    }

    @Test("when the only one goes away the store is read no further, and the next begins anew")
    func leavingAll() async throws {
        let store = SlowStore()
        try await GatewayUnderTest(store.upstream).application.test(.router) { client in
            let only = Task { try await Self.video(client) }
            await store.measuring()
            only.cancel()
            _ = await only.result
            // Returns because the reading was cancelled: nobody has let it go on.
            await store.givenUp()
            #expect(store.readToEnd == 0)
            store.open()
            let answer = try await Self.video(client)
            #expect(answer.status == .ok && store.readToEnd == 1)
        }
    }

    private static let names = ["document", "rendered"]

    @Test(
        "of a video that is replaced while it is measured the new one is given",
        arguments: Self.names,
        [false, true]
    )
    func replaced(name: String, isCut: Bool) async throws {
        // The one that was there may be read to its end, or not: then it is cut in the middle of being measured.
        let store = SlowStore(cutting: isCut ? 2 : nil) { $0 <= (isCut ? 2 : 1) ? 0 : 1 }
        try await GatewayUnderTest(store.upstream).application.test(.router) { client in
            store.open()
            let answer = try await Self.video(client, name)
            #expect(answer.status == .ok && answer.headers[.contentType] == "video/mp4")
            #expect(Array(answer.body.readableBytesView) == SlowStore.version(1))
            #expect(store.openings == 5)
        }
    }

    @Test(
        "of a video that is replaced each time that it is measured the client is told to come later",
        arguments: Self.names
    )
    func changing(name: String) async throws {
        let store = SlowStore { $0 < 6 ? UInt8($0) : 6 }
        try await GatewayUnderTest(store.upstream).application.test(.router) { client in
            store.open()
            let answer = try await Self.video(client, name)
            #expect(answer.status == .serviceUnavailable && answer.headers[.retryAfter] != nil)
            #expect(try answer.problem().code == "unavailable")
            #expect(store.openings == 5, "no picture is asked for either")
            let later = try await Self.video(client, name)
            #expect(later.status == .ok && Array(later.body.readableBytesView) == SlowStore.version(6))
        }
    }

    @Test("one that is cut and still there is a failure of the store")
    func cut() async throws {
        let store = SlowStore(cutting: 2)
        try await GatewayUnderTest(store.upstream).application.test(.router) { client in
            store.open()
            let answer = try await Self.video(client)
            #expect(answer.status == .badGateway && store.openings == 3)
        }
    }

    private static func video(
        _ client: any TestClientProtocol,
        _ name: String = "document"
    ) async throws -> TestResponse {
        let path = "\(Sample.instancePath)/\(name)"
        return try await client.execute(uri: path, method: .get, headers: GatewayUnderTest.bearer)
    }
}

/// A store that does not say how long its video is, and gives the end of it only when it is let to.
private final class SlowStore: Sendable {
    /// So long that its head is told before the end of the file.
    static let video = VideoTests.video + [UInt8](repeating: 7, count: 8_000)

    private struct State {
        var openings = 0
        var readToEnd = 0
        var isMeasuring = false
        var isOpen = false
    }

    private let state = Mutex(State())
    private let version: @Sendable (_ opening: Int) -> UInt8
    private let cutting: Int?
    /// Something has happened.
    private let signals = AsyncStream.makeStream(of: Void.self)
    private let passage = AsyncStream.makeStream(of: Never.self)
    private let ended = AsyncStream.makeStream(of: Never.self)

    /// The video is of the version that is there at an opening; at one of them its end does not come.
    init(cutting: Int? = nil, version: @escaping @Sendable (_ opening: Int) -> UInt8 = { _ in 0 }) {
        self.cutting = cutting
        self.version = version
    }

    /// The video with another byte in it.
    static func version(_ number: UInt8) -> [UInt8] {
        var video = Self.video
        video[30] ^= number
        return video
    }

    var openings: Int { self.state.withLock(\.openings) }
    var readToEnd: Int { self.state.withLock(\.readToEnd) }

    /// Lets whoever waits for an end go on.
    func open() {
        self.state.withLock { $0.isOpen = true }
        self.passage.continuation.finish()
    }

    /// Returns when the store was asked for the file so many times.
    func asked(_ count: Int) async {
        var signals = self.signals.stream.makeAsyncIterator()
        while self.openings < count { await signals.next() }
    }

    /// Returns when one waits for an end.
    func measuring() async {
        var signals = self.signals.stream.makeAsyncIterator()
        while !self.state.withLock(\.isMeasuring) { await signals.next() }
    }

    /// Returns when one who waited for an end was cancelled.
    func givenUp() async {
        for await _ in self.ended.stream {}
    }

    var upstream: ScriptedUpstream {
        ScriptedUpstream(exchange: { request in
            if request.path.hasSuffix("/metadata") { return .metadata(VideoTests.instance()) }
            let number = self.state.withLock { state in
                state.openings += 1
                return state.openings
            }
            self.signals.continuation.yield()
            let file = VideoTests.file([Self.version(self.version(number))])
            let end = number == self.cutting ? ByteBuffer() : ByteBuffer(bytes: file.suffix(8))
            let chunks = Mutex([ByteBuffer(bytes: file.dropLast(8)), end])
            let stream = AsyncThrowingStream<ByteBuffer, any Error> {
                let left = chunks.withLock(\.count)
                if left == 1 { await self.passEnd() }
                guard left > 0, !Task.isCancelled else { return nil }
                return chunks.withLock { $0.removeFirst() }
            }
            return UpstreamResponse(status: 200, headers: [.contentType: "application/dicom"], body: stream)
        })
    }

    private func passEnd() async {
        self.state.withLock { $0.isMeasuring = true }
        self.signals.continuation.yield()
        if !self.state.withLock(\.isOpen) { for await _ in self.passage.stream {} }
        guard !Task.isCancelled else { return self.ended.continuation.finish() }
        self.state.withLock { $0.readToEnd += 1 }
    }
}
