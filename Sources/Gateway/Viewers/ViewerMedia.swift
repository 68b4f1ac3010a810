/// What the name of a viewer's file says: its media type, whether it may be sent packed, and how long it may be kept.
struct ViewerMedia: Sendable {
    let type: String
    /// Whether a packed form of it is looked for.
    let isText: Bool
    /// Whether the name changes with the content, so that a browser need never ask again.
    let isHashed: Bool

    init(name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let known = parts.count > 1 ? Self.types[parts[parts.count - 1].lowercased()] : nil
        self.type = known?.type ?? "application/octet-stream"
        self.isText = known?.isText ?? false
        self.isHashed = name.split(whereSeparator: { $0 == "." || $0 == "-" }).contains(where: Self.isHash)
    }

    /// What bundlers put into names: at least eight hexadecimal digits, letters and numbers among them.
    ///
    /// A date is none.
    private static func isHash(_ part: Substring) -> Bool {
        part.utf8.count >= 8 && part.allSatisfy(\.isHexDigit)
            && part.contains(where: \.isNumber) && part.contains(where: \.isLetter)
    }

    private static let types: [String: (type: String, isText: Bool)] = [
        "html": ("text/html; charset=utf-8", true),
        "js": ("text/javascript; charset=utf-8", true),
        "mjs": ("text/javascript; charset=utf-8", true),
        "css": ("text/css; charset=utf-8", true),
        "json": ("application/json", true),
        "map": ("application/json", true),
        "webmanifest": ("application/manifest+json", true),
        "wasm": ("application/wasm", true),
        "svg": ("image/svg+xml", true),
        "txt": ("text/plain; charset=utf-8", true),
        "md": ("text/plain; charset=utf-8", true),
        "xml": ("application/xml", true),
        "png": ("image/png", false),
        "jpg": ("image/jpeg", false),
        "jpeg": ("image/jpeg", false),
        "gif": ("image/gif", false),
        "webp": ("image/webp", false),
        "avif": ("image/avif", false),
        "ico": ("image/x-icon", false),
        "woff": ("font/woff", false),
        "woff2": ("font/woff2", false),
        "ttf": ("font/ttf", false),
        "otf": ("font/otf", false),
        "pdf": ("application/pdf", false),
        "mp4": ("video/mp4", false),
    ]
}
