import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Finds a boundary with its line breaks in bytes that may end in the middle of it.
struct BoundarySearch {
    /// The line break, two hyphens and the boundary.
    private let delimiter: [UInt8]

    /// White space that may stand between a boundary and the end of its line (RFC 2046 §5.1.1).
    static let paddingBytesMax = 64

    enum Result: Equatable {
        /// There is none in the first bytes, as many as said; the rest may begin one.
        case none(certain: Int)
        /// One begins at the offset, its line break counted in.
        case boundary(offset: Int, length: Int, isClosing: Bool)
    }

    private enum Match {
        case no
        case maybe
        case yes(length: Int, isClosing: Bool)
    }

    init(_ delimiter: [UInt8]) {
        self.delimiter = delimiter
    }

    func first(in buffer: ByteBuffer) -> Result {
        buffer.withUnsafeReadableBytes { bytes in
            var offset = 0
            while let start = Self.carriageReturn(in: bytes, from: offset) {
                switch self.match(bytes, at: start) {
                case .no: offset = start + 1
                case .maybe: return .none(certain: start)
                case .yes(let length, let isClosing):
                    return .boundary(offset: start, length: length, isClosing: isClosing)
                }
            }
            return .none(certain: bytes.count)
        }
    }

    /// The C library looks at many bytes at a time: most of a body is passed over by it.
    private static func carriageReturn(in bytes: UnsafeRawBufferPointer, from offset: Int) -> Int? {
        guard let base = bytes.baseAddress, offset < bytes.count else { return nil }
        guard let found = memchr(base + offset, 0x0D, bytes.count - offset) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private func match(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Match {
        let available = min(self.delimiter.count, bytes.count - start)
        for index in 0..<available where bytes[start + index] != self.delimiter[index] { return .no }
        guard available == self.delimiter.count else { return .maybe }
        return self.matchLineEnd(bytes, from: start)
    }

    /// After the boundary come two hyphens, or white space and a line break; with anything else it is none.
    private func matchLineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Match {
        let end = start + self.delimiter.count
        guard end < bytes.count else { return .maybe }
        if bytes[end] == UInt8(ascii: "-") {
            guard end + 1 < bytes.count else { return .maybe }
            guard bytes[end + 1] == UInt8(ascii: "-") else { return .no }
            return .yes(length: self.delimiter.count + 2, isClosing: true)
        }
        var index = end
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 {
            index += 1
            guard index - end <= Self.paddingBytesMax else { return .no }
        }
        guard index < bytes.count else { return .maybe }
        guard bytes[index] == 0x0D else { return .no }
        guard index + 1 < bytes.count else { return .maybe }
        guard bytes[index + 1] == 0x0A else { return .no }
        return .yes(length: index + 2 - start, isClosing: false)
    }
}
