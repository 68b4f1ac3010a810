import Glibc
import NIOPosix

/// Bytes over a socket, for what no proper client sends.
enum RawConnection {
    /// Sends the bytes, closes our side of the connection or not, and gives all that comes back until the server closes.
    static func exchange(port: Int, _ bytes: [UInt8], closesInput: Bool = true) async throws -> String {
        try await NIOThreadPool.singleton.runIfActive {
            let descriptor = self.connect(port)
            defer { close(descriptor) }
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { break }
                sent += count
            }
            if closesInput { shutdown(descriptor, Int32(SHUT_WR)) }
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count <= 0 { break }
                answer += buffer[..<count]
            }
            return String(decoding: answer, as: UTF8.self)
        }
    }

    static func exchange(port: Int, _ text: String, closesInput: Bool = true) async throws -> String {
        try await self.exchange(port: port, Array(text.utf8), closesInput: closesInput)
    }

    /// Sends the bytes, reads a little, and goes away.
    static func abandon(port: Int, _ bytes: [UInt8], readingBytes: Int = 0) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            let descriptor = self.connect(port)
            defer { close(descriptor) }
            _ = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if readingBytes > 0 {
                var buffer = [UInt8](repeating: 0, count: readingBytes)
                _ = recv(descriptor, &buffer, buffer.count, 0)
            }
        }
    }

    /// Sends the bytes and leaves the answer unread.
    static func stall(port: Int, _ bytes: [UInt8]) throws -> Int32 {
        let descriptor = self.connect(port)
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return descriptor
    }

    /// Reads what comes until the end, closes the connection, and gives the number of bytes; blocks.
    static func drain(_ descriptor: Int32) -> Int {
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var total = 0
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return total }
            total += count
        }
    }

    private static func connect(_ port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }
}
