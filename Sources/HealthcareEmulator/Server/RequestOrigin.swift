/// What the URLs in an answer begin with: scheme and authority, as the client wrote them.
enum RequestOrigin {
    /// The longest `Host` that is repeated.
    static let authorityBytesMax = 255

    /// `http://` and the authority of the request, where it is made of what a host and port may hold.
    ///
    /// Some clients leave the port out of `Host` even where it is not 80. On loopback no proxy stands between, so that
    /// the port is put back there; elsewhere a name without a port may well be that of a proxy.
    static func origin(authority: String?, port: Int) -> String {
        guard let authority, (1...Self.authorityBytesMax).contains(authority.utf8.count),
            authority.utf8.allSatisfy(Self.mayStandInAuthority)
        else { return "http://127.0.0.1:\(port)" }
        let isLoopback = ["127.0.0.1", "localhost", "[::1]"].contains(authority.lowercased())
        return isLoopback ? "http://\(authority):\(port)" : "http://\(authority)"
    }

    private static func mayStandInAuthority(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
            UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
