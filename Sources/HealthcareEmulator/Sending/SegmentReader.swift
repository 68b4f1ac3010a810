internal import NIOCore
internal import Synchronization

/// Turns segments into buffers of a given size, opening each file when its turn comes and closing it after.
///
/// It blocks; one thread at a time calls it.
final class SegmentReader: Sendable {
    private let chunkBytes: Int
    private let state: Mutex<State>

    private struct State {
        var segments: ArraySlice<Segment>
        /// The file that the first segment is of, once it is open, and how much of the segment has been read.
        var file: OpenFile?
        var done: Int64 = 0
    }

    init(_ segments: [Segment], chunkBytes: Int) {
        self.chunkBytes = chunkBytes
        self.state = Mutex(State(segments: segments[...]))
    }

    /// The next buffer, full except for the last; nil at the end.
    func next() throws(EmulatorError) -> ByteBuffer? {
        let result = self.state.withLock { state in
            Result { () throws(EmulatorError) in try self.fill(&state) }
        }
        return try result.get()
    }

    private func fill(_ state: inout State) throws(EmulatorError) -> ByteBuffer? {
        guard !state.segments.isEmpty else { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: self.capacity(state.segments))
        while let segment = state.segments.first, buffer.readableBytes < self.chunkBytes {
            switch segment {
            case .bytes(let bytes):
                buffer.writeImmutableBuffer(bytes)
                state.segments = state.segments.dropFirst()
            case .file(let range):
                let file: OpenFile
                if let open = state.file { file = open } else { file = try OpenFile(range.path) }
                let count = min(range.length - state.done, Int64(self.chunkBytes - buffer.readableBytes))
                try file.read(offset: range.offset + state.done, count: Int(count), into: &buffer)
                state.done += count
                state.file = file
                if state.done == range.length {
                    state.file = nil
                    state.done = 0
                    state.segments = state.segments.dropFirst()
                }
            }
        }
        return buffer
    }

    /// What the next buffer will hold, a little more at most than `chunkBytes`.
    private func capacity(_ segments: ArraySlice<Segment>) -> Int {
        var sum = 0
        for segment in segments where sum < self.chunkBytes {
            switch segment {
            case .bytes(let bytes): sum += bytes.readableBytes
            case .file(let range): sum += Int(min(range.length, Int64(self.chunkBytes)))
            }
        }
        return min(sum, self.chunkBytes)
    }
}
