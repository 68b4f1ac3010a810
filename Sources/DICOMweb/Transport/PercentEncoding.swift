/// Percent-encoding (RFC 3986 §2.1) of everything but unreserved characters.
enum PercentEncoding {
    static func encode(_ text: String, leaving others: String = "") -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if Self.isUnreserved(byte) || others.utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                Tag.append(byte: byte, to: &encoded)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
