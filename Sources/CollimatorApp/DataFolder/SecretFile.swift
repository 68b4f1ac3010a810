import Cryptography
import Glibc

/// A file in the data folder with random bytes that this service alone knows, made at the first start.
///
/// To take back what was made with them, remove the file and start again.
struct SecretFile {
    let path: String
    let bytes: Int

    /// The bytes that are in the file, or new ones that are written there.
    ///
    /// The file appears whole, with mode 0600: it is written under another name, flushed, and linked.
    ///
    /// Throws ``StartupError`` where it cannot be read or written, or others can read it.
    func readOrGenerate() throws -> [UInt8] {
        if let bytes = try self.read() { return bytes }
        let bytes = SecureRandom.bytes(self.bytes)
        let temporary = "\(self.path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw self.unusable }
        defer { unlink(temporary) }

        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, link(temporary, self.path) == 0 else { throw self.unusable }
        return bytes
    }

    /// Nil where there is no file.
    private func read() throws -> [UInt8]? {
        let descriptor = open(self.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw self.unusable }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0 else {
            throw self.unusable
        }
        var bytes = [UInt8](repeating: 0, count: self.bytes + 1)
        guard Glibc.read(descriptor, &bytes, bytes.count) == self.bytes else { throw self.unusable }
        return Array(bytes.prefix(self.bytes))
    }

    private var unusable: StartupError {
        StartupError(
            "The secret in \(self.path) cannot be used: it has \(self.bytes) bytes, and its owner alone may read it.",
            remedy: "Restore the file, or remove it: a new one is made at the next start."
        )
    }
}
