import Glibc
import NIOPosix
import Webhooks

/// What finds the addresses of a host.
struct HostResolver: Sendable {
    /// All addresses of the host, the one to be dialled first; none where it has none or nobody knows.
    var addresses: @Sendable (_ host: String) async -> [NetworkAddress]

    /// That of the system, asked on a thread that may wait.
    static let live = HostResolver { host in
        do {
            return try await NIOThreadPool.singleton.runIfActive { Self.lookUp(host) }
        } catch {
            // The process ends, or the caller does: nobody dials any more.
            return []
        }
    }

    private static func lookUp(_ host: String) -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }

        var found: [NetworkAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = Self.address(entry) { found.append(address) }
            next = entry.ai_next
        }
        return found
    }

    private static func address(_ entry: addrinfo) -> NetworkAddress? {
        guard let address = entry.ai_addr else { return nil }
        switch entry.ai_family {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                NetworkAddress(bytes: withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) })
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                NetworkAddress(bytes: withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) })
            }
        default: return nil
        }
    }
}
