import CollimatorCore
import DICOMweb
import NIOCore

/// Replaces bytes in a body on its way through.
protocol BodyRewriter: Sendable {
    /// Takes the next chunk and gives what is certain by now.
    mutating func append(_ chunk: ByteBuffer) throws -> ByteBuffer

    /// What was held back, once nothing more comes; throws where the body is not whole.
    mutating func finish() throws -> ByteBuffer
}

extension ByteReplacer: BodyRewriter {}

/// Replaces the upstream's address in the `Content-Location` of each part of a multipart body, and leaves the contents
/// as they are.
///
/// A location that is not below the upstream's root is left out: it would lead a caller past this service.
struct PartHeadRewriter: BodyRewriter {
    private var parser: MultipartParser
    private let boundary: String
    private let root: String
    private let replacement: String

    /// Throws where the boundary is none.
    init(boundary: String, replacing root: String, by replacement: String) throws(MultipartError) {
        self.parser = try MultipartParser(boundary: boundary)
        self.boundary = boundary
        self.root = root
        self.replacement = replacement
    }

    mutating func append(_ chunk: ByteBuffer) throws -> ByteBuffer {
        var output = ByteBuffer()
        let events = try Self.translating { () throws(MultipartError) in try self.parser.append(chunk) }
        // Most chunks lie inside one part: they pass as they are.
        if events.count == 1, case .partBytes(let bytes) = events[0] { return bytes }
        for event in events {
            switch event {
            case .partBegan(let fields): self.write(fields, to: &output)
            case .partBytes(let bytes): output.writeImmutableBuffer(bytes)
            case .partEnded: output.writeString("\r\n")
            case .finished: output.writeString("--\(self.boundary)--\r\n")
            }
        }
        return output
    }

    mutating func finish() throws -> ByteBuffer {
        try Self.translating { () throws(MultipartError) in try self.parser.finish() }
        return ByteBuffer()
    }

    private static func translating<Result>(
        _ parse: () throws(MultipartError) -> Result
    ) throws(CollimatorError) -> Result {
        do throws(MultipartError) {
            return try parse()
        } catch {
            throw CollimatorError(.upstreamInvalid, "upstream: the parts of an answer are broken", cause: error)
        }
    }

    private func write(_ fields: HeaderFields, to output: inout ByteBuffer) {
        output.writeString("--\(self.boundary)\r\n")
        for field in fields.fields {
            guard field.name.lowercased() == "content-location" else {
                output.writeString("\(field.name): \(field.value)\r\n")
                continue
            }
            guard field.value.hasPrefix("\(self.root)/") else { continue }
            output.writeString("\(field.name): \(self.replacement)\(field.value.dropFirst(self.root.count))\r\n")
        }
        output.writeString("\r\n")
    }
}
