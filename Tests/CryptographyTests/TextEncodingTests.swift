import Cryptography
import Testing

@Suite("bytes as text")
struct TextEncodingTests {
    @Test(
        "Base64 in the URL alphabet, without padding",
        arguments: [
            ([], ""), ([0x66], "Zg"), ([0x66, 0x6F], "Zm8"), ([0x66, 0x6F, 0x6F], "Zm9v"), ([0xFB, 0xFF], "-_8"),
            ([0x14, 0xFB, 0x9C, 0x03, 0xD9, 0x7E], "FPucA9l-"),
        ] as [([UInt8], String)]
    )
    func base64(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(
        "every other text for the same bytes is refused",
        arguments: ["Zg==", "Zh", "Zm9", "Z", "Zm9vZ", "Zm 9v", "Zm9v\n", "+/8", "Zm9\u{0}", "Zмv"]
    )
    func base64Refused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("every length comes back")
    func base64RoundTrip() {
        for count in 0..<70 {
            let bytes = SecureRandom.bytes(count)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
        }
    }

    @Test("hexadecimal reads both cases and nothing else", arguments: ["0", "0g", "0x12", " 12", "1 2", "é0"])
    func hexadecimal(refused: String) {
        #expect(Hexadecimal.decode("00fFaA") == [0x00, 0xFF, 0xAA])
        #expect(Hexadecimal.decode(refused) == nil)
    }
}
