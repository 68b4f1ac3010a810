import CollimatorCore
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("segments of an answer")
struct SegmentReaderTests {
    private static func buffers(_ segments: [Segment], chunkBytes: Int) throws -> [[UInt8]] {
        let reader = SegmentReader(segments, chunkBytes: chunkBytes)
        var buffers: [[UInt8]] = []
        while case .bytes(let buffer)? = try reader.next() { buffers.append(Array(buffer.readableBytesView)) }
        return buffers
    }

    @Test("come in order, in buffers of the given size", arguments: [1, 2, 3, 7, 64, 1000])
    func order(chunkBytes: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        let content = (0..<100).map { UInt8($0) }
        try Data(content).write(to: URL(fileURLWithPath: path))
        let head: [UInt8] = [200, 201]
        let segments: [Segment] = [
            .bytes(ByteBuffer(bytes: head)), .file(FileRange(path: path, offset: 0, length: 100)),
            .file(FileRange(path: path, offset: 50, length: 0)), .file(FileRange(path: path, offset: 10, length: 5)),
            .bytes(ByteBuffer(bytes: head)),
        ]
        let buffers = try Self.buffers(segments, chunkBytes: chunkBytes)
        #expect(buffers.flatMap(\.self) == head + content + content[10..<15] + head)
        #expect(buffers.allSatisfy { $0.count <= chunkBytes + head.count })
        withExtendedLifetime(directory) {}
    }

    @Test("are the same where nothing was waited for, and stay as they are while more is read", arguments: [3, 64])
    func atHand(chunkBytes: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        let content = (0..<100).map { UInt8($0) }
        try Data(content).write(to: URL(fileURLWithPath: path))
        let file = Segment.file(FileRange(path: path, offset: 0, length: 100))
        let reader = SegmentReader([file, .bytes(ByteBuffer(bytes: [200])), file, file], chunkBytes: chunkBytes)
        // The first file is not open yet, which would have to be waited for.
        #expect(try reader.nextAtHand() == nil)
        var held: [ByteBuffer] = []
        while !reader.isAtEnd {
            if let buffer = try reader.nextAtHand() {
                held.append(buffer)
            } else if case .bytes(let buffer)? = try reader.next() {
                held.append(buffer)
            }
        }
        #expect(held.flatMap { Array($0.readableBytesView) } == content + [200] + content + content)
        withExtendedLifetime(directory) {}
    }

    @Test("of a file that is shorter than was said, or is not there, are an error")
    func unreadable() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        #expect(throws: EmulatorError.unreadableFile) {
            try Self.buffers([.file(FileRange(path: path, offset: 0, length: 4))], chunkBytes: 10)
        }
        #expect(throws: EmulatorError.missingFile) {
            try Self.buffers([.file(FileRange(path: path + "x", offset: 0, length: 1))], chunkBytes: 10)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("a part whose file is gone is left out whole where that is right, and an error where not")
    func missingPart() async throws {
        let directory = try TemporaryDirectory()
        let (there, gone) = (directory.path + "/there", directory.path + "/gone")
        try Data([1, 2]).write(to: URL(fileURLWithPath: there))
        let parts = [there, gone, there, gone].map { path in
            Segment.part(
                FilePart(
                    head: ByteBuffer(bytes: [8]),
                    range: FileRange(path: path, offset: 0, length: 2),
                    tail: ByteBuffer(bytes: [9])
                )
            )
        }
        let reader = FileReader(pool: .singleton)
        var bytes: [UInt8] = []
        let segments = parts + [.bytes(ByteBuffer(bytes: [0]))]
        try await reader.send(segments, isGone: { $0.path == gone }) { bytes += $0.readableBytesView }
        #expect(bytes == [8, 1, 2, 9, 8, 1, 2, 9, 0])
        await #expect(throws: EmulatorError.missingFile) { try await reader.send(segments) { _ in } }
        withExtendedLifetime(directory) {}
    }

    @Test("are not at hand where a part has still to be opened, whether it is there or not")
    func partAtHand() throws {
        let directory = try TemporaryDirectory()
        let range = FileRange(path: directory.path + "/gone", offset: 0, length: 2)
        let part = FilePart(head: ByteBuffer(bytes: [8]), range: range, tail: ByteBuffer(bytes: [9]))
        let reader = SegmentReader([.bytes(ByteBuffer(bytes: [1])), .part(part)], chunkBytes: 64)
        #expect(try reader.nextAtHand() == nil)
        // What was begun before it comes first, then the word that it is missing, and nothing of its surroundings.
        guard case .bytes(let begun)? = try reader.next() else {
            Issue.record("what was begun is lost")
            return
        }
        #expect(Array(begun.readableBytesView) == [1])
        #expect(try reader.nextAtHand() == nil)
        #expect(!reader.isAtEnd)
        guard case .missing(range)? = try reader.next() else {
            Issue.record("a missing part is not reported")
            return
        }
        #expect(reader.isAtEnd)
        withExtendedLifetime(directory) {}
    }

    @Test("are read no further than one piece ahead while the reader of the answer stands still")
    func ahead() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        let size = 6 * FileReader.chunkBytes
        try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: path))
        let (writes, write) = AsyncStream.makeStream(of: Void.self)
        let (permits, permit) = AsyncStream.makeStream(of: Void.self)
        let sending = Task {
            try await FileReader(pool: .singleton).send([.file(FileRange(path: path, offset: 0, length: Int64(size)))])
            {
                _ in
                write.yield()
                for await _ in permits { break }
            }
        }
        for await _ in writes { break }
        // One piece is being written and one may have been read: what is beyond them is not in memory yet.
        #expect(truncate(path, off_t(2 * FileReader.chunkBytes)) == 0)
        permit.finish()
        await #expect(throws: EmulatorError.unreadableFile) { try await sending.value }
        withExtendedLifetime(directory) {}
    }

    @Test("stop being read when they cannot be written")
    func stopped() async throws {
        struct Gone: Error {}
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        try Data(repeating: 7, count: 5 << 20).write(to: URL(fileURLWithPath: path))
        let count = Mutex(0)
        let reader = FileReader(pool: .singleton)
        await #expect(throws: Gone.self) {
            try await reader.send([.file(FileRange(path: path, offset: 0, length: 5 << 20))]) { _ in
                count.withLock { $0 += 1 }
                throw Gone()
            }
        }
        #expect(count.withLock { $0 } == 1)
        withExtendedLifetime(directory) {}
    }
}

@Suite("the pool for work that blocks")
struct WorkPoolTests {
    @Test("refuses what its queue has no room for, and has room again afterwards")
    func full() async throws {
        let pool = WorkPool(threads: 1, waitingMax: 1)
        let gate = DispatchSemaphore(value: 0)
        let started = AsyncStream.makeStream(of: Void.self)
        async let first: Int = pool.run {
            started.continuation.finish()
            gate.wait()
            return 1
        }
        // The first has the thread; one more may wait, and of two that come together one is refused.
        for await _ in started.stream {}
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do { return try await pool.run { 200 } } catch { return GoogleError(error).status.http }
                }
            }
            var statuses = [await group.next() ?? 0]
            gate.signal()
            for await status in group { statuses.append(status) }
            return statuses
        }
        let result = try await first
        let after = try await pool.run { 4 }
        #expect(statuses == [503, 200])
        #expect(result == 1)
        #expect(after == 4)
        await pool.shutdown()
    }

    @Test("lets an answer that has begun wait for its turn, however full it is")
    func begun() async throws {
        let pool = WorkPool(threads: 1, waitingMax: 0)
        let gate = DispatchSemaphore(value: 0)
        let started = AsyncStream.makeStream(of: Void.self)
        async let first: Int = pool.run {
            started.continuation.finish()
            gate.wait()
            return 1
        }
        for await _ in started.stream {}
        #expect(throws: GoogleError.self) { try pool.requireRoom() }
        await #expect(throws: GoogleError.self) { try await pool.run { 2 } }
        async let second: Int = pool.run(.begun) { 3 }
        gate.signal()
        let results = try await (first, second)
        #expect(results == (1, 3))
        try pool.requireRoom()
        await pool.shutdown()
    }

    @Test("cuts no answer: each request is refused before it begins, or answered whole")
    func wholeOrRefused() async throws {
        var limits = EmulatorLimits()
        limits.decodingThreads = 1
        limits.decodingsWaitingMax = 0
        try await withEmulator(limits: limits) { server in
            var object = TestObject()
            object.frames = 12
            try await server.store(object)
            try await server.store(TestObject(2))
            let ways = [
                (TestServer.dicomWeb + object.path + "/frames/1,2,3,4,5,6,7,8,9,10,11,12", "*/*", 12),
                (TestServer.dicomWeb + object.path + "/frames/1,2,3,4/rendered", "image/png", 4),
                (
                    TestServer.dicomWeb + "/studies/\(object.study)",
                    "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2", 2
                ),
            ]
            let replies = try await withThrowingTaskGroup(of: (TestServer.Reply, Int).self) { group in
                for (path, accept, partCount) in ways {
                    for _ in 0..<8 {
                        // A cut answer throws here.
                        group.addTask { (try await server.get(path, accept: accept), partCount) }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (reply, partCount) in replies {
                if reply.status == 503 {
                    #expect(reply.headers.first(name: "Retry-After") == "1")
                } else {
                    #expect(reply.status == 200)
                    #expect(try Multipart(reply).parts.count == partCount)
                }
            }
            #expect(replies.contains { $0.0.status == 200 })
        }
    }

    @Test("does not do what nobody waits for")
    func unwanted() async throws {
        let pool = WorkPool(threads: 1, waitingMax: 1)
        let isDone = Mutex(false)
        await #expect(throws: CancellationError.self) {
            try await pool.run(isWanted: { false }) { isDone.withLock { $0 = true } }
        }
        #expect(!isDone.withLock { $0 })
        await pool.shutdown()
    }
}

@Suite("connections")
struct ConnectionRegistryTests {
    @Test("are known from opening to closing, and tell when their client has gone")
    func life() {
        let registry = ConnectionRegistry()
        let object = NSObject()
        let connection = ObjectIdentifier(object)
        #expect(!registry.isClientGone(connection))
        registry.opened(connection)
        #expect(!registry.isClientGone(connection))
        registry.clientGone(connection)
        #expect(registry.isClientGone(connection))
        registry.closed(connection)
        registry.clientGone(connection)
        #expect(registry.count == 0)
        withExtendedLifetime(object) {}
    }
}

@Suite("access tokens")
struct AccessTokenLedgerTests {
    @Test("are remembered up to a number, the oldest give way")
    func bounded() {
        let now = Mutex(Date(timeIntervalSince1970: 0))
        let ledger = AccessTokenLedger(clock: WallClock(now: { now.withLock { $0 } }), countMax: 2)
        let tokens = (0..<3).map { _ in
            now.withLock { $0 += 1 }
            return ledger.issue()
        }
        #expect(tokens.map { ledger.isGood($0) } == [false, true, true])
        #expect(Set(tokens).count == 3)
        #expect(!ledger.isGood(tokens[1] + "x"))
    }
}
