internal import CPageCache
internal import Glibc
internal import NIOCore

/// Owner of one file descriptor, closed once when the last reference goes.
///
/// A file that is deleted while it is open stays readable.
final class OpenFile: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws(EmulatorError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw errno == ENOENT ? .missingFile : .unreadableFile }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    func size() throws(EmulatorError) -> Int64 {
        var information = stat()
        guard fstat(self.descriptor, &information) == 0 else { throw .unreadableFile }
        return Int64(information.st_size)
    }

    /// Appends exactly `count` bytes: a shorter file is not the file that the index speaks of.
    func read(offset: Int64, count: Int, into buffer: inout ByteBuffer) throws(EmulatorError) {
        var done = 0
        while done < count {
            let position = offset + Int64(done)
            let wanted = count - done
            let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { target in
                max(0, pread(self.descriptor, target.baseAddress, wanted, off_t(position)))
            }
            guard got > 0 else { throw .unreadableFile }
            done += got
        }
    }

    /// Appends what of the bytes is in memory already, from the first on; none where a disk would be waited for.
    func readAtHand(offset: Int64, count: Int, into buffer: inout ByteBuffer) -> Int {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            var piece = iovec(iov_base: target.baseAddress, iov_len: count)
            return max(0, preadv2(self.descriptor, &piece, 1, off_t(offset), collimator_read_no_wait))
        }
    }
}
