internal import CollimatorCore
internal import Glibc

/// The calls of the operating system for the files of the cache; every one blocks its thread.
struct CacheFolder: Sendable {
    let path: String

    /// The largest file that is read, in bytes.
    static let fileBytesMax = 80 * 1024 * 1024
    /// How the names of files begin that are still being written.
    private static let unfinished = ".new-"

    /// A file that is there: its name, its size, and when it was last written to, in seconds.
    struct Found: Sendable {
        let name: FileName
        let bytes: Int
        let writtenAt: Int
    }

    /// The bytes of a file; nil where there is none.
    func read(_ name: FileName) throws(CollimatorError) -> [UInt8]? {
        let descriptor = open(self.file(name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Self.unusable
        }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= Self.fileBytesMax
        else { throw Self.unusable }
        let length = Int(status.st_size)
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, initialized in
            while count < length, let start = buffer.baseAddress {
                let step = Glibc.read(descriptor, start + count, length - count)
                if step < 0, errno == EINTR { continue }
                guard step > 0 else { break }
                count += step
            }
            initialized = count
        }
        return bytes
    }

    /// Writes a file to another name and renames it, so that nobody ever reads a part under its own.
    func write(_ name: FileName, _ bytes: [UInt8], number: Int) throws(CollimatorError) {
        let folder = "\(self.path)/\(FileName.folder(of: name.study))"
        let temporary = "\(folder)/\(Self.unfinished)\(getpid())-\(number)"
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        var descriptor = open(temporary, flags, 0o600)
        if descriptor < 0, errno == ENOENT {
            // The folder is new, or was deleted while we run.
            mkdir(self.path, 0o700)
            mkdir(folder, 0o700)
            descriptor = open(temporary, flags, 0o600)
        }
        guard descriptor >= 0 else { throw Self.unusable }
        let isWritten = Self.write(bytes, to: descriptor)
        close(descriptor)
        guard isWritten, rename(temporary, self.file(name)) == 0 else {
            unlink(temporary)
            throw Self.unusable
        }
    }

    func remove(_ name: FileName) {
        // What cannot be removed is seen to be damaged or too old when it is read.
        unlink(self.file(name))
    }

    /// Every file of the cache; what was never finished is removed, and what is not ours is left alone.
    func scan() -> [Found] {
        Self.names(in: self.path).flatMap { folder -> [Found] in
            guard folder.utf8.count == 2 else { return [] }
            return self.scan(folder)
        }
    }

    /// The files of one study.
    func files(of study: UInt64) -> [FileName] {
        Self.names(in: "\(self.path)/\(FileName.folder(of: study))").compactMap { FileName($0) }
            .filter { $0.study == study }
    }

    private func scan(_ folder: String) -> [Found] {
        Self.names(in: "\(self.path)/\(folder)").compactMap { text in
            let path = "\(self.path)/\(folder)/\(text)"
            if text.hasPrefix(Self.unfinished) {
                // Another process does not write here: the data folder is locked by this one.
                unlink(path)
                return nil
            }
            var status = stat()
            guard let name = FileName(text), lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return nil
            }
            return Found(name: name, bytes: Int(status.st_size), writtenAt: status.st_mtim.tv_sec)
        }
    }

    private func file(_ name: FileName) -> String {
        "\(self.path)/\(FileName.folder(of: name.study))/\(name.text)"
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.base.baseAddress.map { $0 + rest.startIndex }, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }

        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static var unusable: CollimatorError {
        CollimatorError(.insufficientStorage, "the folder of the thumbnails cannot be used")
    }
}
