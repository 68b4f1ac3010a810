import CollimatorCore
import DICOMweb
import HTTPTypes
import NIOCore

/// A file on its way from the upstream, as it was stored.
struct StoredFile: Sendable {
    /// Nil where the upstream did not say.
    let length: Int?
    let bytes: StoredBytes

    /// Asks for the instance at the path below the DICOMweb root; the bytes come as they are read.
    static func open(_ path: String, in store: GatewayStore, for call: UpstreamCall) async throws -> StoredFile {
        // One part is what the standard knows; the Healthcare API also gives the file alone.
        let accept =
            switch store.kind {
            case .healthcare: "application/dicom; transfer-syntax=*"
            case .dicomweb: "multipart/related; type=\"application/dicom\"; transfer-syntax=*"
            }
        let answer = try await store.upstream.exchange(
            UpstreamRequest(.get, path, headers: [.accept: accept]),
            call
        )
        try refuseFailure(answer, accepting: [200])
        return try StoredFile(answer)
    }

    /// Throws where the answer is no DICOM file: a web page of something in between must not be saved as one.
    init(_ answer: UpstreamResponse) throws(CollimatorError) {
        guard let type = answer.headers[.contentType].flatMap({ DICOMweb.MediaType(parsing: $0) }) else {
            throw Self.unusable
        }
        if type.type == "multipart", let boundary = type["boundary"] {
            do throws(MultipartError) {
                self.bytes = StoredBytes(base: answer.body, parser: try MultipartParser(boundary: boundary))
            } catch {
                throw Self.unusable
            }
            self.length = nil
        } else {
            guard type.essence == DICOMweb.MediaType.dicom.essence else { throw Self.unusable }
            self.bytes = StoredBytes(base: answer.body, parser: nil)
            self.length = answer.headers[.contentLength].flatMap { Int($0) }
        }
    }

    static var unusable: CollimatorError {
        CollimatorError(.upstreamInvalid, "upstream: no DICOM file where one was asked for")
    }
}

/// The bytes of one file, taken out of a multipart body where they come in one.
///
/// Anything but one whole part with something in it is an error, never an end.
struct StoredBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: ByteStream
    let parser: MultipartParser?

    func makeAsyncIterator() -> Iterator {
        Iterator(base: self.base.makeAsyncIterator(), parser: self.parser)
    }

    struct Iterator: AsyncIteratorProtocol {
        private var base: any AsyncIteratorProtocol<ByteBuffer, any Error>
        private var parser: MultipartParser?
        private var pending: ArraySlice<ByteBuffer> = []
        private var parts = 0
        private var isEmpty = true

        fileprivate init(base: any AsyncIteratorProtocol<ByteBuffer, any Error>, parser: MultipartParser?) {
            self.base = base
            self.parser = parser
        }

        mutating func next() async throws -> ByteBuffer? {
            while true {
                if let chunk = self.pending.popFirst() { return chunk }
                guard let chunk = try await self.base.next(isolation: nil) else {
                    try self.end()
                    return nil
                }
                try self.take(chunk)
            }
        }

        private mutating func take(_ chunk: ByteBuffer) throws {
            guard var parser = self.parser else {
                self.isEmpty = self.isEmpty && chunk.readableBytes == 0
                self.pending = [chunk]
                return
            }
            for event in try parser.append(chunk) {
                switch event {
                case .partBegan:
                    self.parts += 1
                    guard self.parts == 1 else { throw StoredFile.unusable }
                case .partBytes(let bytes):
                    self.isEmpty = self.isEmpty && bytes.readableBytes == 0
                    self.pending.append(bytes)
                case .partEnded, .finished: break
                }
            }
            self.parser = parser
        }

        private mutating func end() throws {
            if var parser = self.parser { try parser.finish() }
            guard !self.isEmpty else { throw StoredFile.unusable }
        }
    }
}
