/// The address of a DICOMweb server, checked: scheme, host, optional port and path (PS3.18 §8.2).
struct ServerURL: Hashable, Sendable {
    /// Scheme, host and port, without a trailing slash.
    let origin: String
    /// The path below which the resources are; empty or with a leading slash, without a trailing one.
    let path: String

    /// Reads an address; nothing comes of one with user, query, fragment or another scheme than `http` and `https`.
    init?(_ text: String) {
        guard let separator = Self.separator(in: text) else { return nil }
        let rest = text[separator...]
        let pathStart = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<pathStart]
        let forbidden: Set<Character> = ["@", "?", "#", "\\"]
        guard !authority.isEmpty, authority.first != ":", !authority.contains(where: forbidden.contains),
            Self.isValidTarget(rest[pathStart...]), !rest[pathStart...].contains("?")
        else { return nil }
        var path = rest[pathStart...]
        while path.last == "/" { path.removeLast() }
        self.origin = text[..<pathStart].lowercased()
        self.path = String(path)
    }

    /// The whole address without a trailing slash.
    var text: String { self.origin + self.path }

    /// The address of a resource below the server's; nothing comes of a target that could be another one.
    func appending(_ target: String) -> String? {
        guard target.first == "/", Self.isValidTarget(target) else { return nil }
        return self.text + target
    }

    /// The address of a bulk data URI of this server: absolute with the same origin, or relative to the given base.
    ///
    /// The credential goes with the request, so another origin is never followed.
    func resolving(_ uri: String, relativeTo base: String) -> String? {
        if Self.separator(in: uri) != nil {
            guard uri.lowercased().hasPrefix(self.origin + "/") else { return nil }
            let target = String(uri.dropFirst(self.origin.count))
            return Self.isValidTarget(target) ? self.origin + target : nil
        }
        if uri.hasPrefix("//") { return nil }
        if uri.hasPrefix("/") { return Self.isValidTarget(uri) ? self.origin + uri : nil }
        return self.appending(base + "/" + uri)
    }

    /// The position after `http://` or `https://`.
    private static func separator(in text: String) -> String.Index? {
        for scheme in ["http://", "https://"] where text.prefix(scheme.count).lowercased() == scheme {
            return text.index(text.startIndex, offsetBy: scheme.count)
        }
        return nil
    }

    /// Path and query of visible ASCII without a fragment, no segment of the path being dots, encoded or not.
    private static func isValidTarget(_ target: some StringProtocol) -> Bool {
        guard target.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else { return false }
        let path = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        return path.split(separator: "/").allSatisfy { segment in
            var letters = segment.lowercased()[...]
            while !letters.isEmpty {
                if letters.hasPrefix("%2e") {
                    letters = letters.dropFirst(3)
                } else if letters.hasPrefix(".") {
                    letters = letters.dropFirst()
                } else {
                    return true
                }
            }
            return false
        }
    }
}
