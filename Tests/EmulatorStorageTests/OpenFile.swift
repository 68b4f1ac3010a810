import FoundationEssentials
import Glibc

/// A file held open.
struct OpenFile: ~Copyable {
    private let descriptor: Int32

    init(_ path: String) throws {
        self.descriptor = open(path, O_RDONLY)
        guard self.descriptor >= 0 else { throw CocoaError(.fileNoSuchFile) }
    }

    deinit { close(self.descriptor) }

    func bytes() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(self.descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(count))
    }
}
