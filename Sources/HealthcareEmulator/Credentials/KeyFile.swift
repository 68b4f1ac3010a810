internal import Cryptography
internal import Glibc

/// The service-account key on the disk.
struct KeyFile: Sendable {
    let path: String

    /// The largest key file that is read.
    static let bytesMax = 64 * 1024

    init(directory: String) {
        self.path = directory + "/" + ServiceAccountKey.fileName
    }

    /// The key of an earlier run, or a new one.
    ///
    /// A new key is not written yet: the file names the port, and that is known only when the socket is bound.
    func load() throws -> ServiceAccountKey {
        let descriptor = open(self.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw EmulatorError.unreadableServiceAccountKey }
            return try .generate()
        }
        defer { close(descriptor) }

        var bytes = [UInt8](repeating: 0, count: Self.bytesMax + 1)
        let count = read(descriptor, &bytes, bytes.count)
        guard (1...Self.bytesMax).contains(count) else { throw EmulatorError.unreadableServiceAccountKey }
        return try ServiceAccountKey(parsing: Array(bytes[..<count]))
    }

    /// Writes the file for its owner alone, in one step: a reader sees the old file or the new one.
    func write(_ bytes: [UInt8]) throws(EmulatorError) {
        let temporary = self.path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritableServiceAccountKey }
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(temporary, self.path) == 0 else { throw .unwritableServiceAccountKey }
    }
}
