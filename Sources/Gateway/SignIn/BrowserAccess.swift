import CollimatorCore
import HTTPTypes
import Hummingbird

/// What a browser must show before its cookie counts: that our own page asks, under a name that is ours.
///
/// A browser sends the cookie along with requests that other pages make. `Sec-Fetch-Site`, which no page can set, says
/// whose request it is; a browser that does not send it sends `Origin` with everything that writes.
package struct BrowserAccess: Sendable {
    private let reach: Reach

    private enum Reach {
        /// Only this machine reaches us: the names that we go by.
        case thisMachine(hosts: Set<String>)
        /// Callers know us by this origin alone.
        case published(origin: String)
        /// Under names that we do not know.
        case anywhere
    }

    /// For a service that is reached under names that it does not know.
    package static let anywhere = BrowserAccess(reach: .anywhere)

    private init(reach: Reach) {
        self.reach = reach
    }

    /// For a service that listens on a host.
    ///
    /// - Parameters:
    ///   - host: the address that it listens on.
    ///   - isLoopback: whether only this machine reaches that address.
    ///   - publicURL: where callers reach it, if that is configured.
    package init(host: String, isLoopback: Bool, publicURL: String?) {
        if let publicURL {
            // The origin is what stands before the path (RFC 6454 §6.2).
            let parts = publicURL.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            self.init(reach: .published(origin: parts.prefix(3).joined(separator: "/").lowercased()))
        } else if isLoopback {
            let own = host.contains(":") ? "[\(host)]" : host
            self.init(reach: .thisMachine(hosts: ["127.0.0.1", "localhost", "[::1]", own.lowercased()]))
        } else {
            self.init(reach: .anywhere)
        }
    }

    /// The cookie of sessions here.
    var cookie: BrowserCookie { .session(isSecure: !self.isThisMachine) }

    /// The cookie of logins here.
    var loginCookie: BrowserCookie { .login(isSecure: !self.isThisMachine) }

    private var isThisMachine: Bool {
        if case .thisMachine = self.reach { true } else { false }
    }

    /// Where a browser reaches us that is led back here; nil where nobody knows for sure.
    ///
    /// The name that a request was sent to counts on this machine alone, where only our own names pass.
    func origin(of request: Request, localPort: Int?, isEncrypted: Bool) -> String? {
        switch self.reach {
        case .published(let origin): return origin
        case .anywhere: return nil
        case .thisMachine:
            guard let authority = request.head.authority?.lowercased(),
                self.isOwnName(authority, localPort: localPort)
            else { return nil }
            return "\(isEncrypted ? "https" : "http")://\(authority)"
        }
    }

    /// Passes what is asked under a name that is ours, whoever's page led here.
    ///
    /// - Throws: `forbidden`.
    func admitName(of request: Request, localPort: Int?) throws(CollimatorError) {
        guard self.isOwnName(request.head.authority, localPort: localPort) else {
            throw CollimatorError(
                .forbidden,
                "a browser's request under a host name that is not ours",
                publicDetail: "On this address a browser may use the service as 127.0.0.1 or localhost only."
            )
        }
    }

    /// Passes what our own page asks for, or its user by hand; a request that changes something must be the page's.
    ///
    /// - Throws: `forbidden`.
    func admit(_ request: Request, localPort: Int?) throws(CollimatorError) {
        try self.admitName(of: request, localPort: localPort)
        let isReading = request.method == .get || request.method == .head
        guard isReading ? self.isOwnOrUsers(request) : self.isOwn(request) else {
            throw CollimatorError(
                .forbidden,
                "a browser's request that another page made",
                publicDetail: "A session counts for requests of this service's own page only."
            )
        }
    }

    private func isOwn(_ request: Request) -> Bool {
        let sites = request.headers[values: .secFetchSite]
        guard sites.isEmpty else { return sites == ["same-origin"] }
        return self.isOwnOrigin(request.headers[values: .origin], authority: request.head.authority)
    }

    private func isOwnOrUsers(_ request: Request) -> Bool {
        if request.headers[values: .secFetchSite] == ["none"] { return true }
        let tellsNothing =
            request.headers[values: .secFetchSite].isEmpty && request.headers[values: .origin].isEmpty
        return tellsNothing || self.isOwn(request)
    }

    private func isOwnOrigin(_ origins: [String], authority: String?) -> Bool {
        guard origins.count == 1, let origin = origins.first?.lowercased() else { return false }
        if case .published(let own) = self.reach { return origin == own }
        guard let authority = authority?.lowercased() else { return false }
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }

    /// A page that had its name changed to our address (DNS rebinding) still calls us by that name.
    private func isOwnName(_ authority: String?, localPort: Int?) -> Bool {
        guard case .thisMachine(let hosts) = self.reach else { return true }
        guard let authority = authority?.lowercased() else { return false }
        let parts = Self.hostAndPort(authority)
        guard hosts.contains(parts.host) else { return false }
        return localPort == nil || parts.port == localPort
    }

    private static func hostAndPort(_ authority: String) -> (host: String, port: Int?) {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return (authority, 80) }
        return (String(authority[..<colon]), Int(authority[authority.index(after: colon)...]))
    }
}

extension HTTPField.Name {
    /// Whose page a browser's request is from (W3C Fetch Metadata §2.3).
    static let secFetchSite = HTTPField.Name.known("Sec-Fetch-Site")
}
