/// The syntax of boundaries (RFC 2046 §5.1.1).
enum MultipartBoundary {
    static let lengthMax = 70
    /// What is still read: Orthanc sends 73 (its version 1.10), and others make them of two UUIDs as well.
    static let readLengthMax = 200

    static func isValid(_ boundary: some StringProtocol, lengthMax: Int = Self.lengthMax) -> Bool {
        let bytes = Array(boundary.utf8)
        guard (1...lengthMax).contains(bytes.count), bytes.last != 0x20 else { return false }
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
