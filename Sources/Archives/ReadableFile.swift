internal import Glibc

/// The size of the file.
///
/// - Throws: `unreadable` where there is no such file, where it may not be read, or where it is a pipe, a device or a
///   folder.
func readableFileBytes(_ path: String) throws(ZipError) -> Int64 {
    var status = stat()
    guard !path.utf8.contains(0), unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        unsafe access(path, R_OK) == 0
    else { throw ZipError(.unreadable) }
    return Int64(status.st_size)
}
