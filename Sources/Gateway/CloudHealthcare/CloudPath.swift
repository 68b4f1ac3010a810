import DICOMweb

/// Names of the Healthcare API as parts of a path.
enum CloudPath {
    /// The name with every segment percent-encoded: a name may hold letters of any script.
    static func encoded(_ name: String) -> String {
        name.split(separator: "/", omittingEmptySubsequences: false).map { PercentEncoding.encode($0) }
            .joined(separator: "/")
    }
}
