/// Bytes over a socket, for what no proper client sends.
package enum RawExchange {
    /// Sends the bytes and gives all that comes back until the server closes.
    package static func exchange(port: Int, _ text: String, closesInput: Bool = false) async throws -> String {
        try await blocking {
            let connection = try RawConnection(port: port)
            // The server may have answered and closed before it had read all.
            connection.send(text)
            if closesInput { connection.finishSending() }
            return connection.receiveAll()
        }
    }

    /// Sends the bytes, reads a little, and goes away.
    package static func abandon(port: Int, _ text: String) async throws {
        try await blocking {
            let connection = try RawConnection(port: port)
            connection.send(text)
            _ = connection.receive()
        }
    }
}
