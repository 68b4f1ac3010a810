import NIOCore

/// Replaces the text of an address by another in a stream of chunks, wherever the chunks are cut.
///
/// It is used for URLs in DICOM JSON and XML. JSON may write a slash as it is or behind a reverse solidus (RFC 8259 §7):
/// an address is found in either spelling and keeps the one it had. Nothing of the body is kept but the few bytes at the
/// end of a chunk that may be the beginning of a match.
struct ByteReplacer: Sendable {
    private let spellings: [Spelling]
    private let first: UInt8
    private var held: [UInt8] = []

    private struct Spelling {
        let needle: [UInt8]
        let replacement: [UInt8]
    }

    private struct Hit {
        let index: Int
        /// Nil where the bytes end before it is certain.
        let spelling: Spelling?
    }

    /// The text that is looked for must not be empty, nor begin with a slash.
    init(replacing needle: String, by replacement: String) {
        guard let first = needle.utf8.first, first != UInt8(ascii: "/") else {
            preconditionFailure("nothing to look for")
        }
        self.first = first
        self.spellings = [("/", "/"), ("/", #"\/"#)].map { plain, written in
            Spelling(
                needle: Array(needle.replacing(plain, with: written).utf8),
                replacement: Array(replacement.replacing(plain, with: written).utf8)
            )
        }
    }

    /// Takes the next chunk and gives what is certain by now.
    mutating func append(_ chunk: ByteBuffer) -> ByteBuffer {
        var input = self.held
        input.append(contentsOf: chunk.readableBytesView)
        var output = ByteBuffer()
        output.reserveCapacity(input.count)
        var start = 0
        while let hit = self.firstHit(in: input, from: start) {
            output.writeBytes(input[start..<hit.index])
            guard let spelling = hit.spelling else {
                self.held = Array(input[hit.index...])
                return output
            }
            output.writeBytes(spelling.replacement)
            start = hit.index + spelling.needle.count
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

    /// The first place where a spelling, or the beginning of one at the very end, stands.
    private func firstHit(in input: [UInt8], from start: Int) -> Hit? {
        var index = start
        while index < input.count {
            guard let candidate = input[index...].firstIndex(of: self.first) else { return nil }
            var isUncertain = false
            for spelling in self.spellings {
                let length = min(spelling.needle.count, input.count - candidate)
                guard input[candidate..<(candidate + length)].elementsEqual(spelling.needle[..<length]) else {
                    continue
                }
                if length == spelling.needle.count { return Hit(index: candidate, spelling: spelling) }
                isUncertain = true
            }
            if isUncertain { return Hit(index: candidate, spelling: nil) }
            index = candidate + 1
        }
        return nil
    }
}
