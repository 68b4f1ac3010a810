internal import NIOCore
internal import Synchronization

/// Turns segments into buffers of a given size, opening each file when its turn comes and closing it after.
///
/// One task at a time calls it.
final class SegmentReader: Sendable {
    private let chunkBytes: Int
    private let state: Mutex<State>

    /// As many as are on their way to a client that reads quickly; memory that has been sent is written anew.
    private static let buffersMax = 6

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
        /// What has been begun and is not full yet.
        var begun: ByteBuffer?
        var buffers: [ByteBuffer] = []
        var turn = 0
    }

    init(_ segments: [Segment], chunkBytes: Int) {
        self.chunkBytes = chunkBytes
        self.state = Mutex(State(reversed: segments.reversed()))
    }

    /// The next piece; nil at the end.
    ///
    /// It blocks.
    func next() throws(EmulatorError) -> Piece? {
        try self.fill(waiting: true)
    }

    /// The next buffer without blocking; nil also where it would have to, or where a part is missing.
    func nextAtHand() throws(EmulatorError) -> ByteBuffer? {
        guard case .bytes(let buffer)? = try self.fill(waiting: false) else { return nil }
        return buffer
    }

    /// Whether nothing more comes.
    var isAtEnd: Bool { self.state.withLock { $0.reversed.isEmpty && $0.begun == nil } }

    private func fill(waiting: Bool) throws(EmulatorError) -> Piece? {
        let result = self.state.withLock { state in
            Result { () throws(EmulatorError) in try self.fill(&state, waiting: waiting) }
        }
        return try result.get()
    }

    private func fill(_ state: inout State, waiting: Bool) throws(EmulatorError) -> Piece? {
        guard var buffer = state.begun.take() ?? self.empty(&state) else { return nil }
        while let segment = state.reversed.last, buffer.readableBytes < self.chunkBytes {
            switch segment {
            case .bytes(let bytes):
                buffer.writeImmutableBuffer(bytes)
                state.reversed.removeLast()
            case .file(let range, let open):
                guard try self.read(range, open, &state, into: &buffer, waiting: waiting) else {
                    state.begun = buffer
                    return nil
                }
            case .part(let part):
                // A name is looked up on the disk.
                guard waiting else {
                    state.begun = buffer
                    return nil
                }
                guard let file = try Self.open(part) else {
                    // What was read before it goes first.
                    if buffer.readableBytes > 0 { return .bytes(self.kept(buffer, &state)) }
                    state.reversed.removeLast()
                    return .missing(part.range)
                }
                state.reversed.removeLast()
                state.reversed += [.bytes(part.tail), .file(part.range, open: file), .bytes(part.head)]
            }
        }
        return .bytes(self.kept(buffer, &state))
    }

    /// Whether it could go on without waiting, or has waited.
    private func read(
        _ range: FileRange,
        _ open: OpenFile?,
        _ state: inout State,
        into buffer: inout ByteBuffer,
        waiting: Bool
    ) throws(EmulatorError) -> Bool {
        let file: OpenFile
        if let known = open ?? state.file {
            file = known
        } else {
            guard waiting else { return false }
            file = try OpenFile(range.path)
        }
        state.file = file
        let count = Int(min(range.length - state.done, Int64(self.chunkBytes - buffer.readableBytes)))
        let offset = range.offset + state.done
        if waiting {
            try file.read(offset: offset, count: count, into: &buffer)
            state.done += Int64(count)
        } else {
            let got = file.readAtHand(offset: offset, count: count, into: &buffer)
            guard got > 0 || count == 0 else { return false }
            state.done += Int64(got)
        }
        if state.done == range.length {
            state.file = nil
            state.done = 0
            state.reversed.removeLast()
        }
        return true
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

    /// A buffer to fill, nil where nothing is left to fill it with.
    private func empty(_ state: inout State) -> ByteBuffer? {
        guard !state.reversed.isEmpty else { return nil }
        let bytes = self.capacity(state.reversed)
        guard state.buffers.count == Self.buffersMax else { return ByteBufferAllocator().buffer(capacity: bytes) }
        state.turn = (state.turn + 1) % Self.buffersMax
        // One that is still being sent is left alone: another of the same size takes its place.
        state.buffers[state.turn].clear(minimumCapacity: bytes)
        let buffer = state.buffers[state.turn]
        state.buffers[state.turn] = ByteBuffer()
        return buffer
    }

    /// The buffer, remembered so that its memory is used again.
    private func kept(_ buffer: ByteBuffer, _ state: inout State) -> ByteBuffer {
        if state.buffers.count < Self.buffersMax {
            state.buffers.append(buffer)
        } else {
            state.buffers[state.turn] = buffer
        }
        return buffer
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
