import DICOMweb
import NIOCore
import Testing

@Suite("Multipart bodies that are refused")
struct MultipartRefusalTests {
    @Test(
        "each fault has its name",
        arguments: [
            ("", MultipartError.truncated),
            ("no boundary at all", .truncated),
            ("--b", .truncated),
            ("--b\r\n", .truncated),
            ("--b\r\nA: 1\r\n", .truncated),
            ("--b\r\n\r\nx", .truncated),
            ("--b\r\n\r\nx\r\n--b", .truncated),
            ("--b\r\n\r\nx\r\n--b-", .truncated),
            ("--b\r\n\r\nx--b--", .truncated),
            ("--b\n\nx\n--b--\n", .truncated),
            ("--b\r\nA: 1\n\r\n\r\nx\r\n--b--", .malformedHeader),
            ("--b\r\nno colon\r\n\r\nx\r\n--b--", .malformedHeader),
            ("--b\r\n: nameless\r\n\r\nx\r\n--b--", .malformedHeader),
            ("--b\r\nA b: 1\r\n\r\nx\r\n--b--", .malformedHeader),
            ("--b\r\nA: 1\r\n continued\r\n\r\nx\r\n--b--", .malformedHeader),
            ("--b\r\nA: \u{0}\r\n\r\nx\r\n--b--", .malformedHeader),
        ]
    )
    func fault(_ body: String, _ expected: MultipartError) {
        #expect(throws: expected) { try parse(body) }
        #expect(throws: expected) { try parse(body.utf8.map { [$0] }) }
    }

    @Test("a header value that is not UTF-8 is refused")
    func invalidText() {
        let body = Array("--b\r\nA: ".utf8) + [0xFF] + Array("\r\n\r\n\r\n--b--".utf8)
        #expect(throws: MultipartError.malformedHeader) { try parse([body]) }
    }

    @Test("a body cut anywhere before its closing boundary is refused")
    func truncated() {
        let body = Array("--b\r\nA: 1\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--".utf8)
        for length in 0..<body.count {
            #expect(throws: MultipartError.truncated) { try parse([Array(body[..<length])]) }
        }
    }

    @Test("parts, fields, header bytes, contents and what is around them have limits", arguments: [1, 3, 1000])
    func limits(_ chunkBytes: Int) throws {
        let limits = MultipartLimits(
            maxParts: 2,
            maxHeaderBytesPerPart: 30,
            maxHeadersPerPart: 2,
            maxBytesAroundParts: 10,
            maxBytesPerPart: 5
        )
        func refusal(_ body: String) -> MultipartError? {
            let bytes = Array(body.utf8)
            let chunks = stride(from: 0, to: bytes.count, by: chunkBytes).map {
                Array(bytes[$0..<min($0 + chunkBytes, bytes.count)])
            }
            do throws(MultipartError) {
                _ = try parse(chunks, limits: limits)
                return nil
            } catch {
                return error
            }
        }
        let part = "--b\r\n\r\n12345\r\n"
        #expect(refusal(part + part + "--b--") == nil)
        #expect(refusal(part + part + part + "--b--") == .tooManyParts)
        #expect(refusal("--b\r\n\r\n123456\r\n--b--") == .partTooLarge)
        #expect(refusal("--b\r\nA: 1\r\nB: 2\r\n\r\n\r\n--b--") == nil)
        #expect(refusal("--b\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n\r\n--b--") == .headerTooLarge)
        #expect(refusal("--b\r\nA: \(String(repeating: "x", count: 40))\r\n\r\n\r\n--b--") == .headerTooLarge)
        #expect(refusal("--b\r\n" + String(repeating: "x", count: 40)) == .headerTooLarge)
        #expect(refusal("12345678\r\n--b--") == nil)

        #expect(refusal("1234567890123\r\n--b--") == .tooMuchAroundParts)
        #expect(refusal("--b--12345678901") == .tooMuchAroundParts)
        #expect(refusal("--b--1234567890") == nil)
    }

    @Test("a parser that has failed stays so")
    func staysFailed() throws {
        var parser = try MultipartParser(boundary: "b")
        #expect(throws: MultipartError.malformedHeader) {
            _ = try parser.append(ByteBuffer(string: "--b\r\nx\r\n\r\n"))
        }
        #expect(throws: MultipartError.malformedHeader) { _ = try parser.append(ByteBuffer(string: "--b--")) }
        #expect(throws: MultipartError.malformedHeader) { try parser.finish() }
    }

    @Test(
        "boundaries that RFC 2046 does not allow are refused",
        arguments: ["", "a\r\nb", "ends ", "ü", "a\"b", "a;b", String(repeating: "x", count: 201)]
    )
    func boundary(_ text: String) {
        #expect(throws: MultipartError.invalidBoundary) { _ = try MultipartParser(boundary: text) }
        #expect(throws: MultipartError.invalidBoundary) { _ = try MultipartWriter(boundary: text) }
    }

    @Test("a boundary somewhat longer than allowed is read, as other servers write it, and never written")
    func longBoundary() throws {
        let text = String(repeating: "x", count: 73)
        _ = try MultipartParser(boundary: text)
        #expect(throws: MultipartError.invalidBoundary) { _ = try MultipartWriter(boundary: text) }
    }
}
