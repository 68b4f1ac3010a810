import CollimatorCore
import DICOMweb
import NIOCore

/// The bytes of a video: the fragments of encapsulated pixel data, one after the other (PS3.5 §A.4), as they come.
///
/// The stream begins within the first fragment. One that ends before its fragments do is an error, never an end.
struct VideoFragments: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: ByteStream
    /// What is left of the first fragment.
    let firstLength: Int

    func makeAsyncIterator() -> Iterator {
        Iterator(base: self.base.makeAsyncIterator(), left: self.firstLength)
    }

    struct Iterator: AsyncIteratorProtocol {
        private var base: any AsyncIteratorProtocol<ByteBuffer, any Error>
        private var chunk = ByteBuffer()
        /// Bytes of the fragment that are still to come.
        private var left: Int
        private var head: [UInt8] = []
        private var isEnded = false

        /// A tag and a length.
        private static let headBytes = 8

        fileprivate init(base: any AsyncIteratorProtocol<ByteBuffer, any Error>, left: Int) {
            self.base = base
            self.left = left
        }

        mutating func next() async throws -> ByteBuffer? {
            while !self.isEnded {
                if self.chunk.readableBytes == 0 {
                    guard let chunk = try await self.base.next(isolation: nil) else { throw VideoFile.broken }
                    self.chunk = chunk
                } else if self.left > 0 {
                    let count = Swift.min(self.left, self.chunk.readableBytes)
                    self.left -= count
                    return self.chunk.readSlice(length: count)
                } else {
                    let missing = Swift.min(Self.headBytes - self.head.count, self.chunk.readableBytes)
                    self.head += self.chunk.readBytes(length: missing) ?? []
                    if self.head.count == Self.headBytes { try self.beginFragment() }
                }
            }
            return nil
        }

        private mutating func beginFragment() throws {
            let numbers = [self.head[0..<2], self.head[2..<4], self.head[4..<8]].map { bytes in
                bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
            }
            switch Tag(UInt16(numbers[0]), UInt16(numbers[1])) {
            case .sequenceDelimiter: self.isEnded = true
            case .itemStart where numbers[2] != 0xFFFF_FFFF: self.left = numbers[2]
            default: throw VideoFile.broken
            }
            self.head = []
        }
    }
}
