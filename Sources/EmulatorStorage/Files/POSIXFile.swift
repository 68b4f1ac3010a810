internal import Glibc

/// The calls of the operating system that the archive needs, with their failures as `ArchiveError`.
enum POSIXFile {
    /// Makes a new file for writing; fails where the name is taken.
    static func create(_ path: String) throws(ArchiveError) -> Int32 {
        try self.opened(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
    }

    /// Writes all the bytes at the end of what has been written through the descriptor.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.base.baseAddress.map { $0 + rest.startIndex }, rest.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw self.failure(errno)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Returns when the file's bytes are on the disk.
    static func flush(_ descriptor: Int32) throws(ArchiveError) {
        guard fsync(descriptor) == 0 else { throw self.failure(errno) }
    }

    static func close(_ descriptor: Int32) {
        // Nothing can be done about a failure: the bytes have been flushed before, or are not wanted.
        _ = Glibc.close(descriptor)
    }

    /// Returns when the names in the folder are on the disk.
    static func flushFolder(_ path: String) throws(ArchiveError) {
        let descriptor = try self.opened(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { self.close(descriptor) }

        try self.flush(descriptor)
    }

    static func rename(_ from: String, to: String) throws(ArchiveError) {
        guard Glibc.rename(from, to) == 0 else { throw self.failure(errno) }
    }

    /// Removes a file; one that is not there is fine.
    static func remove(_ path: String) throws(ArchiveError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw self.failure(errno) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes a folder that only its owner can enter; one that is there is fine.
    static func makeFolder(_ path: String) throws(ArchiveError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw self.failure(errno) }
    }

    /// The names in a folder, in no order.
    static func names(in path: String) throws(ArchiveError) -> [String] {
        guard let folder = opendir(path) else { throw self.failure(errno) }
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

    /// Takes the lock of a file for the life of the descriptor; fails at once where another process has it.
    static func lock(_ path: String) throws(ArchiveError) -> Int32 {
        let descriptor = try self.opened(path, O_RDWR | O_CREAT | O_CLOEXEC)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            self.close(descriptor)
            throw isHeld ? .inUse : .io
        }
        return descriptor
    }

    private static func opened(_ path: String, _ flags: Int32) throws(ArchiveError) -> Int32 {
        while true {
            let descriptor = open(path, flags, 0o600)
            guard descriptor < 0 else { return descriptor }
            if errno != EINTR { throw self.failure(errno) }
        }
    }

    static func failure(_ code: Int32) -> ArchiveError {
        switch code {
        // A quota and a limit on the size of files are full disks to us.
        case ENOSPC, EDQUOT, EFBIG: .diskFull
        case EMFILE, ENFILE: .tooManyOpenFiles
        default: .io
        }
    }
}
