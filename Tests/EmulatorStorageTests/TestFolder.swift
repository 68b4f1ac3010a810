import TestSupport

/// A folder of a test's own that a closure can refer to.
final class TestFolder: Sendable {
    let path: String
    private let folder: TemporaryDirectory

    init() throws {
        self.folder = try TemporaryDirectory()
        self.path = self.folder.path + "/archive"
    }
}
