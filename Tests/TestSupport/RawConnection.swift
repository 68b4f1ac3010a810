import Glibc
import NIOPosix

/// A TCP connection of this machine by hand, for what a well-behaved client or server would not do.
package final class RawConnection: Sendable {
    private let descriptor: Int32

    /// Something of the system failed.
    package struct Failure: Error {}

    /// Nothing came, and the stream did not end.
    package struct Silence: Error {}

    /// Connects to a port of this machine.
    package init(port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port: port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { throw Failure() }
        self.descriptor = descriptor
        self.limitWaiting()
    }

    fileprivate init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        self.limitWaiting()
    }

    deinit {
        close(self.descriptor)
    }

    /// Sends all of the bytes; false where the other side does not take them.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in
                Glibc.send(self.descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Sends text.
    @discardableResult
    package func send(_ text: String) -> Bool { self.send(Array(text.utf8)) }

    /// Whether there is something to receive, or the other side has ended.
    package var hasSomething: Bool {
        var state = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) > 0
    }

    /// Some bytes; none where the other side has ended the stream or the connection.
    ///
    /// Throws ``Silence`` after a minute of nothing.
    package func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(self.descriptor, &buffer, buffer.count, 0)
        guard count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK) else { throw Silence() }
        return count > 0 ? Array(buffer.prefix(count)) : []
    }

    /// Reads until the text has come, or the stream has ended.
    package func receive(until text: String) throws -> String {
        var all = ""
        while !all.contains(text) {
            let bytes = try self.receive()
            guard !bytes.isEmpty else { break }
            all += String(decoding: bytes, as: UTF8.self)
        }
        return all
    }

    /// Reads to the end of the stream.
    package func receiveAll() throws -> String {
        var all: [UInt8] = []
        while true {
            let bytes = try self.receive()
            guard !bytes.isEmpty else { return String(decoding: all, as: UTF8.self) }
            all += bytes
        }
    }

    /// Sends no more, and goes on reading.
    package func finishSending() {
        shutdown(self.descriptor, Int32(SHUT_WR))
    }

    /// Ends the connection in both directions.
    package func end() {
        shutdown(self.descriptor, Int32(SHUT_RDWR))
    }

    /// Breaks the connection: the other side is told that it was reset.
    package func reset() {
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        // The socket is closed, and the number stays ours until the end.
        let nothing = open("/dev/null", O_RDWR)
        dup2(nothing, self.descriptor)
        close(nothing)
    }

    /// A test that waits for what does not come fails instead of hanging.
    private func limitWaiting() {
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(self.descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    fileprivate static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return address
    }
}

/// Listens on a port of this machine and gives connections as they come.
package final class RawListener: Sendable {
    private let descriptor: Int32
    /// The port that the system chose.
    package let port: Int

    /// Begins to listen.
    package init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = RawConnection.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard descriptor >= 0, result else { throw RawConnection.Failure() }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        self.descriptor = descriptor
        self.port = Int(in_port_t(bigEndian: address.sin_port))
    }

    deinit {
        close(self.descriptor)
    }

    /// The next connection.
    package func accept() throws -> RawConnection {
        let accepted = Glibc.accept(self.descriptor, nil, nil)
        guard accepted >= 0 else { throw RawConnection.Failure() }
        return RawConnection(accepted: accepted)
    }
}

/// Runs what blocks on a thread that may be blocked: not one that the code under test waits for.
package func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await blockingThreads.runIfActive(body)
}

/// More threads than tests that run side by side block.
private let blockingThreads: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 64)
    pool.start()
    return pool
}()
