/// The media types of frames and bulk data, and the transfer syntaxes that go with them (PS3.18 §8.7.3.3).
enum FrameMediaTypes {
    private static let suffixes: [String: [String]] = [
        "application/octet-stream": [".1"],
        "image/jpeg": [".4.50", ".4.51", ".4.57", ".4.70"],
        "image/jls": [".4.80", ".4.81"],
        "image/jp2": [".4.90", ".4.91"],
        "image/jpx": [".4.92", ".4.93"],
        "image/jphc": [".4.201", ".4.202", ".4.203"],
        "image/jxl": [".4.110", ".4.111", ".4.112"],
        "image/dicom-rle": [".5"],
        "application/x-deflate": [".8.1"],
    ]

    /// The types that a frame can be asked for in, PNG apart, which has no transfer syntax.
    static let essences = Set(suffixes.keys)

    /// The transfer syntaxes of a media type, the one to transcode to first; none for other types.
    static func transferSyntaxes(of essence: String) -> [String] {
        (self.suffixes[essence] ?? []).map { "1.2.840.10008.1.2" + $0 }
    }
}
