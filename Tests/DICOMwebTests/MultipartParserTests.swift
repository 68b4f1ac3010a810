import DICOMweb
import NIOCore
import TestSupport
import Testing

/// A multipart body taken apart: header fields and contents.
struct ParsedPart: Equatable {
    var headers: HeaderFields
    var bytes: [UInt8] = []
    var isComplete = false
}

/// Parses a body given in pieces.
func parse(
    _ chunks: [[UInt8]],
    boundary: String = "b",
    limits: MultipartLimits = .default
) throws(MultipartError) -> [ParsedPart] {
    var parser = try MultipartParser(boundary: boundary, limits: limits)
    var parts: [ParsedPart] = []
    for chunk in chunks {
        for event in try parser.append(ByteBuffer(bytes: chunk)) {
            switch event {
            case .partBegan(let headers): parts.append(ParsedPart(headers: headers))
            case .partBytes(let bytes): parts[parts.count - 1].bytes += Array(bytes.readableBytesView)
            case .partEnded: parts[parts.count - 1].isComplete = true
            case .finished: break
            }
        }
    }
    try parser.finish()
    return parts
}

func parse(_ text: String, boundary: String = "b", limits: MultipartLimits = .default) throws(MultipartError)
    -> [ParsedPart]
{
    try parse([Array(text.utf8)], boundary: boundary, limits: limits)
}

@Suite("MultipartParser")
struct MultipartParserTests {
    private static let body =
        "preamble\r\n--b\r\nContent-Type: application/dicom\r\nX: 1 \r\n\r\none\r\n--b \t\r\n\r\n"
        + "\r\n-\r\n--\r\n--c\r\n\r\r\n--b\r\nA:\r\n\r\n--b--\r\nepilogue"

    private static let expected = [
        ParsedPart(
            headers: ["Content-Type": "application/dicom", "X": "1"],
            bytes: Array("one".utf8),
            isComplete: true
        ),
        ParsedPart(headers: [:], bytes: Array("\r\n-\r\n--\r\n--c\r\n\r".utf8), isComplete: true),
        ParsedPart(headers: ["A": ""], bytes: [], isComplete: true),
    ]

    @Test("reads the same from a whole body, from single bytes and from every two pieces")
    func everySplit() throws {
        let bytes = Array(Self.body.utf8)
        #expect(try parse([bytes]) == Self.expected)
        #expect(try parse(bytes.map { [$0] }) == Self.expected)
        for split in 0...bytes.count {
            #expect(try parse([Array(bytes[..<split]), Array(bytes[split...])]) == Self.expected)
        }
    }

    @Test("reads the same from every three pieces of a short body")
    func everyTwoSplits() throws {
        let bytes = Array("--b\r\nA: 1\r\n\r\nx\r\n--b-\r\n--b--".utf8)
        let expected = [ParsedPart(headers: ["A": "1"], bytes: Array("x\r\n--b-".utf8), isComplete: true)]
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
                #expect(try parse(pieces) == expected)
            }
        }
    }

    @Test("a content may follow its header at once or be empty, and there may be no part")
    func empty() throws {
        #expect(try parse("--b--").isEmpty)
        #expect(try parse("--b\r\n\r\n\r\n--b--").map(\.bytes) == [[]])
        #expect(try parse("--b\r\n\r\n--b--").map(\.bytes) == [[]])
        #expect(try parse("--b\r\n\r\n--bx\r\n--b--").map(\.bytes) == [Array("--bx".utf8)])
        #expect(try parse("--b\r\nA: 1\r\n\r\n--b\r\n\r\ny\r\n--b--").map(\.bytes) == [[], Array("y".utf8)])
    }

    @Test("boundaries of every allowed character work")
    func boundaries() throws {
        for boundary in ["a b", "=_'()+,-./:?", String(repeating: "x", count: 70), "--", "-"] {
            let body = "--\(boundary)\r\n\r\n--x\r\n--\(boundary)--"
            #expect(try parse(body, boundary: boundary).map(\.bytes) == [Array("--x".utf8)])
        }
    }

    @Test("random contents come back as they were, cut at random")
    func random() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            let writer = try MultipartWriter(boundary: "bo")
            let contents = (0..<Int.random(in: 0...4, using: &generator)).map { _ in Self.content(&generator) }
            var body: [UInt8] = []
            for content in contents {
                body += Array(writer.partHead(["Content-Type": "a/b"]).readableBytesView)
                body += content
                body += Array(writer.partTail.readableBytesView)
            }
            body += Array(writer.closing.readableBytesView)
            var chunks: [[UInt8]] = []
            while !body.isEmpty {
                let length = Int.random(in: 1...min(body.count, 9), using: &generator)
                chunks.append(Array(body[..<length]))
                body.removeFirst(length)
            }
            let parts = try parse(chunks, boundary: "bo")
            #expect(parts.map(\.bytes) == contents)
            #expect(parts.allSatisfy { $0.isComplete && $0.headers.contentType == MediaType("a", "b") })
        }
    }

    /// Bytes that look like a boundary as often as can be without being one.
    private static func content(_ generator: inout SeededGenerator) -> [UInt8] {
        let pieces = ["\r", "\n", "\r\n", "-", "--", "bo", "b", "\r\n--b", "\r\n--box", "\r\n--bo-x", "x", "\0"]
        let count = Int.random(in: 0...12, using: &generator)
        let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined() + "."
        for delimiter in ["\r\n--bo--", "\r\n--bo\r\n"] where ("\r\n" + text).contains(delimiter) { return [] }
        return Array(text.utf8)
    }

    @Test("a boundary made at random is allowed and differs from the next")
    func madeBoundary() throws {
        let first = MultipartWriter()
        #expect(try MultipartWriter(boundary: first.boundary) == first)
        #expect(first != MultipartWriter())
    }
}
