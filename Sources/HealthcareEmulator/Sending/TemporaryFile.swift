internal import Glibc
internal import Synchronization

/// A file that is removed when the last reference goes.
final class TemporaryFile: Sendable {
    let path: String

    fileprivate init(path: String) {
        self.path = path
    }

    deinit { unlink(self.path) }
}

/// The folder for files that live as long as one answer; emptied when the emulator starts.
final class TemporaryFolder: Sendable {
    private let path: String
    private let counter = Atomic<UInt64>(0)

    /// Makes the folder, or empties it of what a killed process left.
    init(path: String) throws(EmulatorError) {
        self.path = path
        if mkdir(path, 0o700) != 0 {
            guard errno == EEXIST, let folder = opendir(path) else { throw .unusableDirectory }
            defer { closedir(folder) }

            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { unlink(path + "/" + name) }
            }
        }
    }

    /// A name that no other file has; the file itself is made by who writes it.
    func file() -> TemporaryFile {
        let number = self.counter.wrappingAdd(1, ordering: .relaxed).newValue
        return TemporaryFile(path: "\(self.path)/\(number).dcm")
    }
}
