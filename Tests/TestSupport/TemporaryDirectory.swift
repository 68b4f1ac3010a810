import FoundationEssentials

/// A folder of a test's own, removed when the value goes.
package struct TemporaryDirectory: ~Copyable {
    /// The absolute path, without a trailing slash.
    package let path: String

    /// Makes an empty folder below the system's folder for temporary files.
    package init() throws {
        let name = "collimator-test-\(UUID().uuidString)"
        let path = FileManager.default.temporaryDirectory.path + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        self.path = path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }
}
