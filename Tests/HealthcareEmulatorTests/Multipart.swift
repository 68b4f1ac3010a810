import DICOMweb
import NIOCore
import NIOHTTP1

/// The parts of a multipart answer.
struct Multipart {
    struct Part {
        let contentType: String
        let body: [UInt8]
    }

    let type: String?
    let parts: [Part]

    init(_ reply: TestServer.Reply) throws {
        let media = reply.headers.first(name: "Content-Type").flatMap { MediaType(parsing: $0) }
        self.type = media?["type"]
        var parser = try MultipartParser(boundary: media?["boundary"] ?? "")
        var parts: [Part] = []
        var type = ""
        var body: [UInt8] = []
        for event in try parser.append(ByteBuffer(bytes: reply.body)) {
            switch event {
            case .partBegan(let fields):
                type = fields["Content-Type"] ?? ""
                body = []
            case .partBytes(let bytes): body += bytes.readableBytesView
            case .partEnded: parts.append(Part(contentType: type, body: body))
            case .finished: break
            }
        }
        try parser.finish()
        self.parts = parts
    }

    /// The body of a request with these parts.
    static func body(boundary: String, _ parts: [(headers: [String], body: [UInt8])], isClosed: Bool = true) -> [UInt8]
    {
        var bytes: [UInt8] = []
        for part in parts {
            bytes += Array("--\(boundary)\r\n".utf8)
            for header in part.headers { bytes += Array("\(header)\r\n".utf8) }
            bytes += Array("\r\n".utf8) + part.body + Array("\r\n".utf8)
        }
        if isClosed { bytes += Array("--\(boundary)--\r\n".utf8) }
        return bytes
    }

    static let dicomHeaders = ["Content-Type: application/dicom"]
}
