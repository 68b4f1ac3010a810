internal import Cryptography
internal import Glibc

/// Keeps the text of the administrator key in a file that only its owner can read.
///
/// All calls block: for the start of the process.
package struct AdministratorKeyStore: Sendable {
    /// The file.
    package let path: String

    /// The largest file that is read.
    static let bytesMax = 4_096

    package init(path: String) {
        self.path = path
    }

    /// The text of the key that is in the file.
    ///
    /// White space around it is ignored; a file that secrets are mounted from mostly ends with a line break.
    /// - Parameter mustBePrivate: whether to refuse a file that others can read. A mounted secret has a mode of its own.
    /// - Returns: the text, which has the form of a key.
    /// - Throws: `unreadable`, `exposed` or `malformed`.
    package func read(mustBePrivate: Bool) throws(AdministratorKeyError) -> String {
        let descriptor = open(self.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unreadable }
        if mustBePrivate {
            guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() else { throw .exposed }
        }
        let bytes = try Self.bytes(of: descriptor)
        // The key is the only word of the file.
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 1, AdministratorKey(words[0]) != nil else { throw .malformed }
        return String(words[0])
    }

    /// The text of the key that is in the file, or of a new one that is written there.
    ///
    /// The file appears whole, with mode 0600, and never replaces another: of two processes that start at once, both
    /// use the key of the one that came first.
    /// - Returns: the text, and whether the key is new.
    /// - Throws: what `read` throws, or `unwritable`.
    package func readOrGenerate() throws(AdministratorKeyError) -> (text: String, isNew: Bool) {
        if access(self.path, F_OK) == 0 { return (try self.read(mustBePrivate: true), false) }
        let text = AdministratorKey.generateText()
        guard try self.write(text) else { return (try self.read(mustBePrivate: true), false) }
        return (text, true)
    }

    /// Writes a new file in one step; false where there is one by now.
    private func write(_ text: String) throws(AdministratorKeyError) -> Bool {
        let temporary = "\(self.path).\(Hexadecimal.encode(SecureRandom.bytes(8)))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .unwritable }
        defer { unlink(temporary) }

        let bytes = Array((text + "\n").utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten else { throw .unwritable }
        // A link, unlike a rename, never replaces what is there.
        if link(temporary, self.path) == 0 {
            self.flushFolder()
            return true
        }
        guard errno == EEXIST else { throw .unwritable }
        return false
    }

    /// Makes the new name outlive a loss of power.
    ///
    /// Where it cannot, a later start makes a new key.
    private func flushFolder() {
        let folder = self.path.lastIndex(of: "/").map { String(self.path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func bytes(of descriptor: Int32) throws(AdministratorKeyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.bytesMax + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .unreadable }
        guard (1...Self.bytesMax).contains(count) else { throw .malformed }
        return Array(bytes.prefix(count))
    }
}
