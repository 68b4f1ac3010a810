internal import Hummingbird
internal import NIOCore

extension FileReader {
    /// Writes the segments as a part of a body.
    func send(_ segments: [Segment], to body: inout any ResponseBodyWriter) async throws {
        // The writer is a reference to the connection: a copy writes to the same place.
        var writer = body
        try await self.send(segments) { try await writer.write($0) }
        body = writer
    }

    /// An answer made of the segments alone.
    ///
    /// What is small is read before the head is sent, so that a file that cannot be read is an error and no broken
    /// answer; the rest is streamed.
    ///
    /// The owner lives until the last byte has been read.
    func answer(
        _ segments: [Segment],
        contentType: String,
        keeping owner: (any Sendable)? = nil
    ) async throws -> Answer {
        let length = segments.reduce(Int64(0)) { $0 + $1.byteCount }
        if length <= Self.chunkBytes {
            return Answer(contentType: contentType, body: .bytes(try await self.joined(segments)))
        }
        return Answer(
            contentType: contentType,
            body: .stream(length: Int(length)) { body in
                try await self.send(segments, to: &body)
                withExtendedLifetime(owner) {}
            }
        )
    }
}
