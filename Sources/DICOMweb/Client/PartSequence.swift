public import NIOCore

/// The parts of an answer, as they come (PS3.18 §8.6.1.2).
///
/// They are read once and in order: asking for the next part passes over what is left of the one before. An answer that
/// is not multipart is one part.
///
/// ```swift
/// for try await part in try await client.retrieve(.study(study)) {
///     for try await bytes in part.body { … }
/// }
/// ```
public struct PartSequence: AsyncSequence, Sendable {
    /// A part.
    public typealias Element = Part

    let reader: PartReader

    /// Begins or goes on reading.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: self.reader)
    }

    /// Reads all parts as a whole.
    ///
    /// - Parameters:
    ///   - partsMax: The number of parts beyond which the answer is refused.
    ///   - bytesPerPartMax: The size beyond which a part is refused.
    /// - Returns: The parts.
    /// - Throws: ``DICOMwebError``.
    public func collect(partsMax: Int, bytesPerPartMax: Int) async throws -> [WholePart] {
        try await withDeadline(self.reader.deadline) {
            var parts: [WholePart] = []
            for try await part in self {
                guard parts.count < partsMax else { throw DICOMwebError.limit(.multipart) }
                let bytes = try await part.body.whole(upTo: bytesPerPartMax)
                parts.append(WholePart(headers: part.headers, bytes: bytes))
            }
            return parts
        }
    }

    /// Reads the parts one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let reader: PartReader

        /// The next part, none at the end.
        ///
        /// - Returns: The part.
        /// - Throws: ``DICOMwebError``, or `CancellationError`.
        public mutating func next() async throws -> Part? {
            guard let (number, headers) = try await self.reader.nextPart() else { return nil }
            return Part(headers: headers, body: PartBody(reader: self.reader, number: number))
        }
    }
}

/// A part of an answer, its content still to be read.
public struct Part: Sendable {
    /// The header fields; those of the answer itself where it is one part.
    public let headers: HeaderFields
    /// The content.
    public let body: PartBody
}

/// A part of an answer with its content.
public struct WholePart: Hashable, Sendable {
    /// The header fields; those of the answer itself where it is one part.
    public let headers: HeaderFields
    /// The content.
    public let bytes: ByteBuffer
}

/// The content of a part, as it comes; it can be read until the next part is asked for.
public struct PartBody: AsyncSequence, Sendable {
    /// Some bytes.
    public typealias Element = ByteBuffer

    let reader: PartReader
    let number: Int

    /// Begins or goes on reading.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: self.reader, number: self.number)
    }

    /// Reads the content as a whole.
    ///
    /// - Parameter bytesMax: The size beyond which it is refused.
    /// - Returns: The bytes.
    /// - Throws: ``DICOMwebError``, ``DICOMwebError/limit(_:)`` where the content is larger.
    public func collect(upTo bytesMax: Int) async throws -> ByteBuffer {
        try await withDeadline(self.reader.deadline) { try await self.whole(upTo: bytesMax) }
    }

    fileprivate func whole(upTo bytesMax: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        for try await bytes in self {
            guard whole.readableBytes + bytes.readableBytes <= bytesMax else { throw DICOMwebError.limit(.bodyBytes) }
            whole.writeImmutableBuffer(bytes)
        }
        return whole
    }

    /// Reads the content piece by piece.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let reader: PartReader
        let number: Int

        /// The next bytes, none at the end.
        ///
        /// - Returns: The bytes.
        /// - Throws: ``DICOMwebError``, or `CancellationError`; ``DICOMwebError/invalidRequest`` after the next part has
        ///   been asked for.
        public mutating func next() async throws -> ByteBuffer? {
            try await self.reader.nextBytes(ofPart: self.number)
        }
    }
}
