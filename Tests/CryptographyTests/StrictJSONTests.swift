import Cryptography
import Testing

@Suite("strict JSON")
struct StrictJSONTests {
    private func parse(_ text: String) -> StrictJSON? { StrictJSON(parsing: Array(text.utf8)) }

    @Test("every kind of value is read as it was written")
    func values() {
        #expect(
            self.parse(" {\"a\" : [1, -0, 1.5, 1e2, true, false, null, \"x\"], \"b\":{}} ")
                == .object([
                    "a": .array([
                        .integer(1), .integer(0), .real(1.5), .real(100), .boolean(true), .boolean(false), .null,
                        .string("x"),
                    ]),
                    "b": .object([:]),
                ])
        )
        #expect(self.parse("9223372036854775807") == .integer(.max))
        #expect(self.parse("9223372036854775808") == .real(9223372036854775808))
        #expect(self.parse("1.0") == .real(1))
    }

    @Test("escapes, surrogate pairs among them, become what they stand for")
    func escapes() {
        #expect(self.parse(#""\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00é""#) == .string("\"\\/\u{08}\u{0C}\n\r\tAé😀é"))
    }

    @Test(
        "what is not exactly one JSON value is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\" 1}", "[1 2]", "01", "-", "+1", ".5",
            "1.",
            "1e", "1e400", "-1e400", "NaN", "Infinity", "tru", "nul", "1 1", "{}x", "\"", "\"\\x\"", "\"\\u12\"",
            "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "\"\u{0}\"", "/**/1", "\u{FEFF}1",
        ]
    )
    func refused(text: String) {
        #expect(self.parse(text) == nil)
    }

    @Test("a name may not occur twice, at any depth and in any spelling")
    func duplicates() {
        #expect(self.parse(#"{"sub":"a","sub":"b"}"#) == nil)
        #expect(self.parse(#"{"sub":"a","s\u0075b":"b"}"#) == nil)
        #expect(self.parse(#"[{"x":{"a":1,"a":1}}]"#) == nil)
        #expect(self.parse(#"{"sub":"a","Sub":"b"}"#) != nil)
    }

    @Test("nesting and length are limited")
    func limits() {
        let depth = StrictJSON.depthMax
        #expect(self.parse(String(repeating: "[", count: depth) + String(repeating: "]", count: depth)) != nil)
        #expect(self.parse(String(repeating: "[", count: depth + 1) + String(repeating: "]", count: depth + 1)) == nil)
        #expect(self.parse(String(repeating: "[", count: 200_000)) == nil)
        #expect(self.parse("\"" + String(repeating: "x", count: StrictJSON.textBytesMax) + "\"") == nil)
    }

    @Test(
        "bytes that are no UTF-8 are refused",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]]
    )
    func notUTF8(bytes: [UInt8]) {
        #expect(StrictJSON(parsing: [0x22] + bytes + [0x22]) == nil)
        #expect(StrictJSON(parsing: bytes) == nil)
    }

    @Test("quoted text reads back as itself")
    func quoted() {
        let text = "a\"b\\c\n\u{0}\u{1F}\u{7F}é😀"
        #expect(self.parse(StrictJSON.quoted(text)) == .string(text))
    }
}
