/// Bytes over a socket, for what no proper client sends.
package enum RawExchange {
    /// Sends the bytes and gives all that comes back until the server closes.
    package static func exchange(port: Int, _ bytes: [UInt8], closesInput: Bool = false) async throws -> String {
        try await blocking {
            let connection = try RawConnection(port: port)
            // The server may have answered and closed before it had read all.
            connection.send(bytes)
            if closesInput { connection.finishSending() }
            return try connection.receiveAll()
        }
    }

    /// Sends text and gives all that comes back until the server closes.
    package static func exchange(port: Int, _ text: String, closesInput: Bool = false) async throws -> String {
        try await self.exchange(port: port, Array(text.utf8), closesInput: closesInput)
    }

    /// Sends text and gives all that comes back until the server closes; `onFirst` is called once some of it is there.
    package static func exchange(
        port: Int,
        _ text: String,
        onFirst: @escaping @Sendable () -> Void
    ) async throws -> String {
        try await blocking {
            let connection = try RawConnection(port: port)
            connection.send(text)
            let first = String(decoding: try connection.receive(), as: UTF8.self)
            onFirst()
            return first + (first.isEmpty ? "" : try connection.receiveAll())
        }
    }

    /// Sends the bytes, reads a little or nothing, and goes away.
    package static func abandon(port: Int, _ bytes: [UInt8], reads: Bool = true) async throws {
        try await blocking {
            let connection = try RawConnection(port: port)
            connection.send(bytes)
            if reads { _ = try connection.receive() }
        }
    }

    /// Sends text, reads a little, and goes away.
    package static func abandon(port: Int, _ text: String) async throws {
        try await self.abandon(port: port, Array(text.utf8))
    }
}
