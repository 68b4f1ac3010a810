import CollimatorCore
import DICOMweb
import NIOCore

/// A file as the only part of `multipart/related`, made while it is sent up.
///
/// Every DICOMweb server stores that; a file that is the whole body, as the Healthcare API takes it too, many refuse
/// (PS3.18 §10.5.1).
struct SinglePart: AsyncSequence, Sendable {
    let contentType: String
    private let file: ByteStream
    private let head: ByteBuffer
    private let end: ByteBuffer

    init(_ file: ByteStream) {
        let writer = MultipartWriter()
        self.contentType = writer.contentType(.dicom).description
        self.file = file
        self.head = writer.partHead(["Content-Type": DICOMweb.MediaType.dicom.essence])
        var end = writer.partTail
        end.writeImmutableBuffer(writer.closing)
        self.end = end
    }

    /// The length of the body whose file has the given one, in bytes.
    func length(ofFile length: Int?) -> Int? {
        length.map { self.head.readableBytes + $0 + self.end.readableBytes }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(file: self.file.makeAsyncIterator(), head: self.head, end: self.end)
    }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate var file: any AsyncIteratorProtocol<ByteBuffer, any Error>
        fileprivate var head: ByteBuffer?
        fileprivate var end: ByteBuffer?

        /// A file that breaks off throws, and nothing is written then that makes the body look whole.
        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            if let head = self.head.take() { return head }
            guard self.end != nil else { return nil }
            if let chunk = try await self.file.next(isolation: actor) { return chunk }
            return self.end.take()
        }
    }
}
