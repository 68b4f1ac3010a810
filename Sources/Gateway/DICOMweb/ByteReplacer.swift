import NIOCore

/// Replaces one sequence of bytes by another in a stream of chunks, wherever the chunks are cut.
///
/// It is used for URLs in DICOM JSON and XML. Nothing of the body is kept but the few bytes at the end of a chunk that
/// may be the beginning of a match.
struct ByteReplacer: Sendable {
    private let needle: [UInt8]
    private let replacement: [UInt8]
    private var held: [UInt8] = []

    /// The text that is looked for must not be empty.
    init(replacing needle: String, by replacement: String) {
        precondition(!needle.isEmpty, "nothing to look for")
        self.needle = Array(needle.utf8)
        self.replacement = Array(replacement.utf8)
    }

    /// Takes the next chunk and gives what is certain by now.
    mutating func append(_ chunk: ByteBuffer) -> ByteBuffer {
        var input = self.held
        input.append(contentsOf: chunk.readableBytesView)
        var output = ByteBuffer()
        output.reserveCapacity(input.count)
        var start = 0
        while let hit = self.firstHit(in: input, from: start) {
            output.writeBytes(input[start..<hit])
            guard hit + self.needle.count <= input.count else {
                self.held = Array(input[hit...])
                return output
            }
            output.writeBytes(self.replacement)
            start = hit + self.needle.count
        }
        output.writeBytes(input[start...])
        self.held = []
        return output
    }

    /// What was held back, once nothing more comes.
    mutating func finish() -> ByteBuffer {
        let rest = ByteBuffer(bytes: self.held)
        self.held = []
        return rest
    }

    /// Where the needle, or the beginning of one at the very end, begins.
    private func firstHit(in input: [UInt8], from start: Int) -> Int? {
        var index = start
        while index < input.count {
            guard let candidate = input[index...].firstIndex(of: self.needle[0]) else { return nil }
            let length = min(self.needle.count, input.count - candidate)
            if input[candidate..<(candidate + length)].elementsEqual(self.needle[..<length]) { return candidate }
            index = candidate + 1
        }
        return nil
    }
}
