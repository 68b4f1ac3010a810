import EmbeddedFiles

/// The files of the web page.
enum AppFiles {
    /// The closed list, by name; a file whose kind is not known here is not served.
    static let byName: [String: FixedFile] = Dictionary(
        uniqueKeysWithValues: EmbeddedFile.page.compactMap { file in
            Self.mediaType(of: file.name).map { (file.name, FixedFile(file.bytes, type: $0)) }
        }
    )

    private static func mediaType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }
}
