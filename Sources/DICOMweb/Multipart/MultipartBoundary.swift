/// The syntax of boundaries (RFC 2046 §5.1.1).
enum MultipartBoundary {
    static let lengthMax = 70

    static func isValid(_ boundary: some StringProtocol) -> Bool {
        let bytes = Array(boundary.utf8)
        guard (1...Self.lengthMax).contains(bytes.count), bytes.last != 0x20 else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: "'()+_,-./:=? ".utf8.contains(byte)
            }
        }
    }
}
