internal import Synchronization

/// Which connections are open, and which of their clients have stopped listening.
///
/// Hummingbird does not cancel a handler when its client goes. Work that waits in a queue asks here before it begins.
final class ConnectionRegistry: Sendable {
    private let goneByConnection = Mutex<[ObjectIdentifier: Bool]>([:])

    init() {}

    /// The number of connections that are open.
    var count: Int { self.goneByConnection.withLock { $0.count } }

    func opened(_ connection: ObjectIdentifier) {
        self.goneByConnection.withLock { $0[connection] = false }
    }

    func closed(_ connection: ObjectIdentifier) {
        self.goneByConnection.withLock { $0[connection] = nil }
    }

    /// The client has closed its side, or the connection has broken.
    func clientGone(_ connection: ObjectIdentifier) {
        self.goneByConnection.withLock { connections in
            guard connections[connection] != nil else { return }
            connections[connection] = true
        }
    }

    /// Whether somebody is still there to be answered.
    ///
    /// A connection that is not known is one without a socket, as in tests.
    func isClientGone(_ connection: ObjectIdentifier) -> Bool {
        self.goneByConnection.withLock { $0[connection] } ?? false
    }
}
