import NIOCore
import Testing

@testable import Gateway

@Suite("A pipe of bytes", .timeLimit(.minutes(1)))
struct BytePipeTests {
    private struct Broken: Error, Equatable {}

    private func chunk(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 1, count: count) }

    private func read(_ pipe: BytePipe) async throws -> Int {
        var count = 0
        for try await chunk in pipe.stream { count += chunk.readableBytes }
        return count
    }

    @Test("gives everything in order, then the end")
    func whole() async throws {
        let pipe = BytePipe(bytesMax: 100)
        async let count = self.read(pipe)
        for size in 1...200 {
            let isTaken = await pipe.send(self.chunk(size))
            #expect(isTaken)
        }
        pipe.finish()
        let read = try await count
        #expect(read == 20_100)
    }

    @Test("a writer waits while it is full, and is let go when the reader leaves")
    func cut() async throws {
        let pipe = BytePipe(bytesMax: 10)
        _ = await pipe.send(self.chunk(9))
        async let waiting = pipe.send(self.chunk(9))
        pipe.cut()
        let wasTaken = await waiting
        #expect(!wasTaken)
        let isTaken = await pipe.send(self.chunk(1))
        #expect(!isTaken)
        await #expect(throws: CancellationError.self) { try await self.read(pipe) }
        pipe.fail(Broken())
        #expect(pipe.failure == nil)
    }

    @Test("a reader that has had everything sees the end, also after a cut")
    func cutAtTheEnd() async throws {
        let pipe = BytePipe(bytesMax: 10)
        _ = await pipe.send(self.chunk(5))
        var iterator = pipe.stream.makeAsyncIterator()
        _ = try await iterator.next()
        pipe.finish()
        pipe.cut()
        let end = try await iterator.next()
        #expect(end == nil)
        let unread = BytePipe(bytesMax: 10)
        _ = await unread.send(self.chunk(5))
        unread.finish()
        unread.cut()
        await #expect(throws: CancellationError.self) { try await self.read(unread) }
    }

    @Test("an error comes after what was sent before it")
    func failure() async throws {
        let pipe = BytePipe(bytesMax: 10)
        _ = await pipe.send(self.chunk(5))
        pipe.fail(Broken())
        var iterator = pipe.stream.makeAsyncIterator()
        let first = try await iterator.next()
        #expect(first?.readableBytes == 5)
        do {
            _ = try await iterator.next()
            Issue.record("no error came")
        } catch {
            #expect(error is Broken)
        }
        #expect(pipe.failure is Broken)
    }

    @Test("cancelling either side ends both")
    func cancellation() async {
        let pipe = BytePipe(bytesMax: 10)
        let reader = Task { try await self.read(pipe) }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        let isTaken = await pipe.send(self.chunk(1))
        #expect(!isTaken)
        let full = BytePipe(bytesMax: 1)
        let writer = Task { await full.send(self.chunk(1)) }
        writer.cancel()
        let wasTaken = await writer.value
        #expect(!wasTaken)
    }
}
