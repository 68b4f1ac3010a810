/// Zip files of uncompressed entries, written by hand (APPNOTE 4.3), so that a test can also write wrong ones.
package struct StoredZip: Sendable {
    private var body: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt16 = 0

    /// A zip file without entries.
    package init() {}

    /// Adds an entry; `flags` bit 0 says that it is encrypted, and `checksum` replaces the right one.
    package mutating func add(_ name: String, _ content: [UInt8], flags: UInt16 = 0, checksum: UInt32? = nil) {
        let offset = UInt32(self.body.count)
        var fields: [UInt8] = []
        fields += Self.little(UInt16(20)) + Self.little(flags | 0x0800) + Self.little(UInt16(0))
        fields += Self.little(UInt16(0)) + Self.little(UInt16(0x5A21))
        fields += Self.little(checksum ?? Self.crc32(content))
        fields += Self.little(UInt32(content.count)) + Self.little(UInt32(content.count))
        fields += Self.little(UInt16(name.utf8.count)) + Self.little(UInt16(0))
        self.body += Array("PK\u{3}\u{4}".utf8) + fields + Array(name.utf8) + content
        self.directory += Array("PK\u{1}\u{2}".utf8) + Self.little(UInt16(20)) + fields
        self.directory += [UInt8](repeating: 0, count: 10) + Self.little(offset) + Array(name.utf8)
        self.count += 1
    }

    /// The whole file.
    package var bytes: [UInt8] {
        var end = Array("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0] + Self.little(self.count) + Self.little(self.count)
        end += Self.little(UInt32(self.directory.count)) + Self.little(UInt32(self.body.count)) + [0, 0]
        return self.body + self.directory + end
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { code, byte in
            (0..<8).reduce(code ^ UInt32(byte)) { code, _ in code >> 1 ^ (code & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
