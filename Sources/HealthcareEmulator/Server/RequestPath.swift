internal import DICOMweb

/// The checks that every request path passes before it is routed.
///
/// The router works on the path as it was sent and joins empty segments; a path that could mean two things must not
/// come so far. Identifiers are decoded once, here for the check and in `Call` for use, and never decoded again.
enum RequestPath {
    /// Throws where a segment is empty, `.` or `..`, does not decode, or holds an encoded slash or control character.
    static func check(_ path: String) throws(GoogleError) {
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard segments.count > 1, segments[0].isEmpty else { throw .malformedPath }
        for segment in segments.dropFirst() {
            // Most segments are plain words, digits and dots: only the others need the slow way.
            if !segment.isEmpty, segment.allSatisfy(Self.isPlain) { continue }
            try Self.check(segment: Substring(segment))
        }
    }

    private static func check(segment: Substring) throws(GoogleError) {
        // `/` alone, and a slash at the end or in a row, name nothing.
        guard !segment.isEmpty else { throw .unknownPath }
        guard let text = PercentEncoding.decode(segment) else { throw .malformedPath }
        guard text != ".", text != "..",
            text.unicodeScalars.allSatisfy({ $0 != "/" && $0 != "\\" && $0.value >= 0x20 && $0.value != 0x7F })
        else { throw .malformedPath }
    }

    /// Letters, digits, `-`, `_` and `:`: no dot, because dots alone are what is looked for.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}

extension GoogleError {
    /// The path cannot be read in one way only.
    static let malformedPath = GoogleError(.invalidArgument, "The request path is malformed.")
    /// The path leads nowhere.
    static let unknownPath = GoogleError(.notFound, "The requested URL was not found on this server.")
}
