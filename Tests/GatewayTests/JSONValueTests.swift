import Cryptography
import Testing

@testable import Gateway

@Suite("JSON as it is written")
struct JSONValueTests {
    @Test(
        "texts are escaped where they must be, and come back as they were",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("Müller 山田", #""Müller 山田""#), (#"a"b"#, #""a\"b""#),
            (#"a\b"#, #""a\\b""#), ("a\nb\r\t", #""a\nb\r\t""#),
            ("\u{1}\u{1F}\u{20}\u{7F}", "\"\\u0001\\u001f \u{7F}\""),
            ("http://a/b", #""http://a/b""#), (String(repeating: "long ", count: 10) + "\"", nil),
        ] as [(String, String?)]
    )
    func texts(text: String, expected: String?) {
        let written = JSONValue.string(text).encoded()
        if let expected { #expect(String(decoding: written, as: UTF8.self) == expected) }
        #expect(StrictJSON(parsing: written)?.text == text)
    }

    @Test("members keep their order, and what is not known is null")
    func members() {
        let value = JSONValue.object([
            ("b", .text(nil)), ("a", .array([.integer(-1), .bool(true), .object([])])), ("c\"", .number(nil)),
        ])
        #expect(String(decoding: value.encoded(), as: UTF8.self) == #"{"b":null,"a":[-1,true,{}],"c\"":null}"#)
    }
}
