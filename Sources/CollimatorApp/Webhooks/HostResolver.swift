import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Webhooks

/// What finds the addresses of a host.
struct HostResolver: Sendable {
    /// All addresses of the host, the one to be dialled first; none where it has none or nobody knows.
    var addresses: @Sendable (_ host: String) async -> [NetworkAddress]

    /// That of the system, asked on threads that may wait, and for no longer than the limit.
    static let live = HostResolver(threads: 16, limit: .seconds(5)) { Self.lookUp($0) }

    init(addresses: @escaping @Sendable (_ host: String) async -> [NetworkAddress]) {
        self.addresses = addresses
    }

    /// A lookup that blocks, on threads of its own.
    ///
    /// A name server that is silent keeps nobody else waiting: neither those who read files nor, where there are more
    /// threads than such names, other endpoints. A host is looked up once at a time.
    init(threads: Int, limit: Duration, lookUp: @escaping @Sendable (_ host: String) -> [NetworkAddress]) {
        let lookups = HostLookups(threads: threads, limit: limit, lookUp: lookUp)
        self.addresses = { await lookups.addresses(of: $0) }
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

/// Lookups under way, one for each host.
private final class HostLookups: Sendable {
    private typealias Waiter = CheckedContinuation<[NetworkAddress], Never>

    private struct Waiting {
        var number = 0
        /// Those who wait for a host, by number.
        var hosts: [String: [Int: Waiter]] = [:]
    }

    private let waiting = Mutex(Waiting())
    private let pool: NIOThreadPool
    private let limit: Duration
    private let lookUp: @Sendable (_ host: String) -> [NetworkAddress]

    init(threads: Int, limit: Duration, lookUp: @escaping @Sendable (_ host: String) -> [NetworkAddress]) {
        self.pool = NIOThreadPool(numberOfThreads: threads)
        self.pool.start()
        self.limit = limit
        self.lookUp = lookUp
    }

    /// None where nobody knows in time.
    func addresses(of host: String) async -> [NetworkAddress] {
        await withCheckedContinuation { waiter in
            let (number, isFirst) = self.waiting.withLock { waiting in
                waiting.number += 1
                let isFirst = waiting.hosts[host] == nil
                waiting.hosts[host, default: [:]][waiting.number] = waiter
                return (waiting.number, isFirst)
            }
            if isFirst {
                self.pool.submit { state in
                    // Where nobody waits any more, nobody is asked; the host is free for the next lookup in both cases.
                    let isWanted = self.waiting.withLock { $0.hosts[host]?.isEmpty == false }
                    let found = state == .active && isWanted ? self.lookUp(host) : []
                    let waiters = self.waiting.withLock { $0.hosts.removeValue(forKey: host) }
                    for waiter in waiters?.values ?? [:].values { waiter.resume(returning: found) }
                }
            }
            MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(self.limit)) {
                // What is left of the host says that its lookup is still under way.
                self.waiting.withLock { $0.hosts[host]?.removeValue(forKey: number) }?.resume(returning: [])
            }
        }
    }
}
