public import NIOCore

/// Writes a multipart body piece by piece (RFC 2046 §5.1, PS3.18 §8.6.1.2).
///
/// The body is, for each part, ``partHead(_:)``, its content and ``partTail``, and at the end ``closing``. The writer
/// has no state: the order is the caller's.
public struct MultipartWriter: Hashable, Sendable {
    /// The boundary.
    public let boundary: String

    /// Makes a writer with a given boundary.
    ///
    /// - Parameter boundary: Up to 70 characters of those that RFC 2046 §5.1.1 allows.
    /// - Throws: ``MultipartError/invalidBoundary``.
    public init(boundary: String) throws(MultipartError) {
        guard MultipartBoundary.isValid(boundary) else { throw .invalidBoundary }
        self.boundary = boundary
    }

    /// Makes a writer with a boundary that no content holds but by intent: 160 bits of the given generator.
    public init(using generator: inout some RandomNumberGenerator) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        let letters = (0..<32).map { _ in alphabet[Int(generator.next(upperBound: UInt8(32)))] }
        self.boundary = String(decoding: letters, as: UTF8.self)
    }

    /// Makes a writer with a random boundary.
    public init() {
        var generator = SystemRandomNumberGenerator()
        self.init(using: &generator)
    }

    /// The boundary and the header that go before the content of a part.
    ///
    /// - Parameter fields: The header fields; neither names nor values may hold line breaks.
    /// - Returns: The bytes.
    public func partHead(_ fields: HeaderFields) -> ByteBuffer {
        var buffer = ByteBuffer(string: "--\(self.boundary)\r\n")
        for field in fields.fields {
            precondition(!"\(field.name)\(field.value)".utf8.contains { $0 == 0x0D || $0 == 0x0A })
            buffer.writeString("\(field.name): \(field.value)\r\n")
        }
        buffer.writeString("\r\n")
        return buffer
    }

    /// The line break that goes after the content of a part.
    public var partTail: ByteBuffer { ByteBuffer(string: "\r\n") }

    /// The boundary that goes after the last part.
    public var closing: ByteBuffer { ByteBuffer(string: "--\(self.boundary)--\r\n") }

    /// The value for the `Content-Type` field of the body.
    ///
    /// - Parameter type: The media type of the root part.
    /// - Returns: `multipart/related` with `type` and `boundary`.
    public func contentType(_ type: MediaType) -> MediaType {
        .multipartRelated(type, boundary: self.boundary)
    }
}
