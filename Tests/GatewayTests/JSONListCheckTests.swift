import DICOMweb
import NIOCore
import Testing

@testable import Gateway

@Suite("A JSON array that is looked at while it passes")
struct JSONListCheckTests {
    /// Whether it is taken, in chunks of so many bytes.
    private static func takes(_ text: String, by size: Int) -> Bool {
        var check = JSONListCheck()
        let bytes = Array(text.utf8)
        do throws(JSONListCheck.Fault) {
            for start in stride(from: 0, to: bytes.count, by: size) {
                try check.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            }
            try check.finish()
            return true
        } catch {
            return false
        }
    }

    @Test(
        "is taken, wherever it is cut",
        arguments: [
            "[]", " [ ] \r\n\t", "[{}]", "[[],{}]", #"[{"00100010":{"vr":"PN","Value":[{"Alphabetic":"A^B"}]}}]"#,
            #"["\"\\\/\b\f\n\r\t\u00e9\uD83D",""]"#, "[0,-0,1,10,-1.5,0.25,1e9,1E+9,1.5e-9]", "[true,false,null]",
            #"[{"a":[1,{"b":null}],"c":""}]"#, "[\"Müller 日本\"]",
        ]
    )
    func valid(text: String) {
        for size in [1, 2, 3, 7, 1_000] { #expect(Self.takes(text, by: size), "by \(size)") }
    }

    @Test(
        "is refused where it is none, wherever it is cut",
        arguments: [
            "", " ", "{}", "1", "\"x\"", "[", "]", "[]]", "[] []", "[]x", "[{]", "[}", "[1,]", "[,1]", "[1 2]", "[{},]",
            #"[{"a"}]"#, #"[{"a":}]"#, #"[{"a":1,}]"#, #"[{"a":1 "b":2}]"#, "[{1:2}]", #"[{"a":1]"#, #"["a}]"#,
            #"["\x"]"#, #"["\u12g4"]"#, #"["\u12"]"#, "[\"a\nb\"]", "[01]", "[1.]", "[.5]", "[-]", "[1e]", "[1e+]",
            "[+1]", "[NaN]", "[Infinity]", "[tru]", "[truee]", "[nul]", "['a']", "[1,", #"[{"a":"b"#, "\u{FEFF}[]",
            "<html></html>",
        ]
    )
    func broken(text: String) {
        for size in [1, 2, 3, 7, 1_000] { #expect(!Self.takes(text, by: size), "by \(size)") }
    }

    @Test("is refused beyond a depth, and taken up to it")
    func depth() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(Self.takes(nested(256), by: 100))
        #expect(!Self.takes(nested(257), by: 100))
        #expect(!Self.takes(String(repeating: "[", count: 100_000), by: 1_000))
    }

    @Test("takes a list of data sets as we write it, and none that is cut")
    func cut() {
        let whole = DICOMJSON.encode([Sample.study(), Sample.series(), Sample.instance()])
        #expect(Self.takes(String(decoding: whole, as: UTF8.self), by: 11))
        for end in whole.indices { #expect(!Self.takes(String(decoding: whole[..<end], as: UTF8.self), by: 64)) }
    }
}
