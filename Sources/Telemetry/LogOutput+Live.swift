internal import Glibc
internal import Synchronization

extension LogOutput {
    /// The standard error stream of the process.
    package static let standardError = LogOutput { bytes in
        standardErrorLock.withLock { _ in writeWhole(bytes) }
    }

    /// Whether the standard error stream is a terminal.
    package static var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// Keeps the lines of different threads apart.
private let standardErrorLock = Mutex<Void>(())

/// Writes all bytes; where the stream is closed they are lost, and there is nobody who could be told.
private func writeWhole(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { buffer in
            write(STDERR_FILENO, buffer.baseAddress, buffer.count)
        }
        if count > 0 {
            rest = rest.dropFirst(count)
        } else if count < 0, errno == EAGAIN {
            var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&descriptor, 1, 1000) > 0 else { return }
        } else if count == 0 || errno != EINTR {
            return
        }
    }
}
