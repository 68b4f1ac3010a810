/// The rule for names of entries.
///
/// Nothing is written under such a name; it is shown to people.
enum ZipEntryName {
    /// Why the name is refused, or nil.
    ///
    /// Names with a backslash or a colon mean something else on another system, and control characters do something to
    /// a terminal. A NUL cannot be seen here: the C library ends the name there.
    static func fault(_ name: String, limits: ZipLimits) -> ZipError.Code? {
        guard name.utf8.count <= limits.nameBytesMax else { return .nameTooLong }
        guard !name.isEmpty, !name.hasPrefix("/"), !Self.hasDriveLetter(name) else { return .unsafeName }
        for byte in name.utf8 where byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") { return .unsafeName }
        let parts = name.split(separator: "/")
        guard !parts.contains("..") else { return .unsafeName }
        guard parts.count <= limits.depthMax else { return .tooDeep }
        return nil
    }

    private static func hasDriveLetter(_ name: String) -> Bool {
        let bytes = Array(name.utf8.prefix(2))
        guard bytes.count == 2, bytes[1] == UInt8(ascii: ":") else { return false }
        return (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(bytes[0])
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[0])
    }
}
