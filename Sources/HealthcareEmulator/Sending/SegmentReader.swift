internal import NIOCore
internal import Synchronization

/// Turns segments into buffers of a given size, opening each file when its turn comes and closing it after.
///
/// It blocks; one thread at a time calls it.
final class SegmentReader: Sendable {
    private let chunkBytes: Int
    private let state: Mutex<State>

    /// What comes next.
    enum Piece: Sendable {
        /// A buffer, full except for the last and for one before a part that is missing.
        case bytes(ByteBuffer)
        /// The file of a part is not there. The part is left out; whether that is right is for the caller to say.
        case missing(FileRange)
    }

    private struct State {
        /// The next segment is the last of these.
        var reversed: [Segment]
        /// The file that the next segment is of, once it is open, and how much of the segment has been read.
        var file: OpenFile?
        var done: Int64 = 0
    }

    init(_ segments: [Segment], chunkBytes: Int) {
        self.chunkBytes = chunkBytes
        self.state = Mutex(State(reversed: segments.reversed()))
    }

    /// The next piece; nil at the end.
    func next() throws(EmulatorError) -> Piece? {
        let result = self.state.withLock { state in
            Result { () throws(EmulatorError) in try self.fill(&state) }
        }
        return try result.get()
    }

    private func fill(_ state: inout State) throws(EmulatorError) -> Piece? {
        guard !state.reversed.isEmpty else { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: self.capacity(state.reversed))
        while let segment = state.reversed.last, buffer.readableBytes < self.chunkBytes {
            switch segment {
            case .bytes(let bytes):
                buffer.writeImmutableBuffer(bytes)
                state.reversed.removeLast()
            case .file(let range, let open):
                try self.read(range, open, &state, into: &buffer)
            case .part(let part):
                guard let file = try Self.open(part) else {
                    // What was read before it goes first.
                    if buffer.readableBytes > 0 { return .bytes(buffer) }
                    state.reversed.removeLast()
                    return .missing(part.range)
                }
                state.reversed.removeLast()
                state.reversed += [.bytes(part.tail), .file(part.range, open: file), .bytes(part.head)]
            }
        }
        return .bytes(buffer)
    }

    private func read(
        _ range: FileRange,
        _ open: OpenFile?,
        _ state: inout State,
        into buffer: inout ByteBuffer
    ) throws(EmulatorError) {
        let file: OpenFile
        if let known = open ?? state.file { file = known } else { file = try OpenFile(range.path) }
        let count = min(range.length - state.done, Int64(self.chunkBytes - buffer.readableBytes))
        try file.read(offset: range.offset + state.done, count: Int(count), into: &buffer)
        state.done += count
        state.file = file
        guard state.done == range.length else { return }
        state.file = nil
        state.done = 0
        state.reversed.removeLast()
    }

    /// The file of the part; nil where there is none.
    private static func open(_ part: FilePart) throws(EmulatorError) -> OpenFile? {
        do throws(EmulatorError) {
            return try OpenFile(part.range.path)
        } catch {
            guard error == .missingFile else { throw error }
            return nil
        }
    }

    /// What the next buffer will hold, a little more at most than `chunkBytes`.
    private func capacity(_ reversed: [Segment]) -> Int {
        var sum = 0
        for segment in reversed.reversed() {
            guard sum < self.chunkBytes else { break }
            switch segment {
            case .bytes(let bytes): sum += bytes.readableBytes
            case .file(let range, _): sum += Int(min(range.length, Int64(self.chunkBytes)))
            case .part(let part): sum += Int(min(part.range.length, Int64(self.chunkBytes)))
            }
        }
        return min(sum, self.chunkBytes)
    }
}
