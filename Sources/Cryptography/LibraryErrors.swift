internal import COpenSSL

/// The error queue that libcrypto keeps for each thread.
enum LibraryErrors {
    /// How many entries are kept; the rest of the queue is thrown away.
    static let keptMax = 8

    /// Forgets what an earlier call left, so that a later `drain` tells of one call only.
    static func clear() {
        ERR_clear_error()
    }

    /// Empties the queue into numeric codes.
    ///
    /// The library's texts are never read: they may repeat input.
    static func drain() -> [UInt] {
        var codes: [UInt] = []
        while codes.count < Self.keptMax {
            let code = ERR_get_error()
            if code == 0 { return codes }
            codes.append(code)
        }
        Self.clear()
        return codes
    }
}
