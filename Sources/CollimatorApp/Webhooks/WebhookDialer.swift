import AsyncHTTPClient
import CollimatorCore
import Cryptography
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Telemetry
import Webhooks

/// Sends messages to endpoints, and never to an address that nobody has been asked about.
///
/// It resolves the host itself, asks the policy about every address, and dials one that it has asked about, so that a name
/// that changes its meaning meanwhile leads nowhere else. Where nobody can be reached at one of them, the next is dialled,
/// within the same time.
///
/// Connections are kept for a moment between calls of the same address. No redirect is followed, and no proxy of the environment
/// is used. A proxy of the configuration is asked for the address that was checked here, unless it is the one to resolve names
/// and to decide.
struct WebhookDialer: Sendable {
    let policy: AddressPolicy
    let resolver: HostResolver
    var limits = Limits()
    /// Who may vouch for an endpoint.
    var trustRoots = NIOSSLTrustRoots.default
    /// A file with the certificates of those who may do so, too; nil for nobody else.
    var trustedCertificates: String?
    /// What calls go through; nil for none.
    var proxy: WebhookProxy?
    /// Whoever makes a dialer closes them in the end.
    var clients = WebhookClients()

    /// How long the parts of an attempt may take; all of them together are shorter than a lease.
    struct Limits: Hashable, Sendable {
        /// Until there is a connection, with its encryption.
        var connect = Duration.seconds(5)
        /// From the beginning until the head of the answer is there.
        var head = Duration.seconds(10)
        /// From there on, until the body is no longer read.
        var body = Duration.seconds(5)
        /// How long a connection is kept without a call: many servers close theirs after five seconds.
        var idle = Duration.seconds(4)
    }

    var sender: WebhookSender {
        WebhookSender(summary: { Self.summary($0) }) { await self.send($0) }
    }

    private func send(_ message: WebhookMessage) async -> WebhookAnswer {
        let url: WebhookURL
        do {
            url = try WebhookURL(message.url, policy: self.policy)
        } catch {
            // What was allowed when the endpoint was made need not be any more.
            return .failed(.addressRefused)
        }
        var candidates: [NetworkAddress?] = [nil]
        if url.literal != nil || self.proxy?.resolvesNames != true {
            let addresses = await self.addresses(of: url)
            guard !addresses.isEmpty else { return .failed(.nameUnknown) }
            // One inner address among others is enough: who answers so tries something.
            guard addresses.allSatisfy({ self.policy.permits($0) }) else { return .failed(.addressRefused) }
            // What a proxy says does not depend on which of them it is asked for.
            candidates = Array(addresses.prefix(self.isProxied(url) ? 1 : Self.addressesMax))
        }
        let deadline = ContinuousClock.now + self.limits.head
        var answer = WebhookAnswer.failed(.unreachable)
        // Whoever is silent leaves time for those behind.
        var connect = min(self.limits.connect, self.limits.head / (candidates.count > 1 ? 2 : 1))
        for address in candidates {
            guard deadline > .now else { break }
            let dialled = await self.dial(message, at: url, address, connect: connect, until: deadline)
            answer = dialled.answer
            guard dialled.isUnconnected else { break }
            // One that refuses at once has taken no time from those behind.
            if dialled.answer == .failed(.timeout) { connect /= 2 }
        }
        return answer
    }

    /// Of a host, the most that are dialled in one attempt.
    private static let addressesMax = 4

    /// What is not encrypted is on this machine, where no proxy leads.
    private func isProxied(_ url: WebhookURL) -> Bool { url.isEncrypted && self.proxy != nil }

    /// What came of one call.
    private struct Dialled: Sendable {
        let answer: WebhookAnswer
        /// Whether there was no connection at all: nothing was sent then.
        var isUnconnected = false
        /// Whether there was none that was ready: it may have failed with its encryption, too.
        var isUnready = false
        /// Whether the connection ended before there was an answer.
        var isCutOff = false
        /// What the call was sent over.
        var connection = ConnectionUses.Connection.unsent
    }

    private func dial(
        _ message: WebhookMessage,
        at url: WebhookURL,
        _ address: NetworkAddress?,
        connect: Duration,
        until deadline: ContinuousClock.Instant
    ) async -> Dialled {
        let key = WebhookClients.Key(
            host: url.host,
            port: url.port,
            isEncrypted: url.isEncrypted,
            address: address,
            proxy: self.isProxied(url) ? self.proxy : nil,
            certificate: message.certificate.map { SHA256.hash(Array("\($0.chain)\n\($0.key)".utf8)) },
            connect: connect
        )
        let beganAt = ContinuousClock.now
        do {
            let lent = try await self.clients.withClient(key) {
                try self.configuration(url, key, message.certificate)
            } _: { client in
                await self.exchange(message, at: url, client, within: deadline - .now)
            }
            let dialled = lent.answer
            guard deadline > .now, !Task.isCancelled else { return dialled }
            let wasKept = dialled.connection == .kept || dialled.connection == .unsent && lent.wasUsed
            if dialled.isCutOff, wasKept {
                // A receiver may close a connection that was kept at the moment in which it is used again, or just before. That is
                // no failure of its, and whoever has taken the message knows it by its id.
                var again = try await self.dialAlone(message, at: url, key, until: deadline)
                // Something may have been sent before.
                if dialled.connection == .kept { again.isUnconnected = false }
                return again
            }
            // Where a client does not get one connection all calls fail that wait for any of it: whether this one's own would
            // have come is seen in what is left of its time.
            var own = key
            own.connect = connect - (.now - beganAt)
            guard dialled.isUnready, lent.wasShared, own.connect > .zero else { return dialled }
            return try await self.dialAlone(message, at: url, own, until: deadline)
        } catch {
            // It could be used when it was given: the file was changed by hand.
            return Dialled(answer: .failed(.encryption))
        }
    }

    /// A call over a connection that nobody else has used or waits for.
    private func dialAlone(
        _ message: WebhookMessage,
        at url: WebhookURL,
        _ key: WebhookClients.Key,
        until deadline: ContinuousClock.Instant
    ) async throws -> Dialled {
        let configuration = try self.configuration(url, key, message.certificate)
        return await self.clients.withNewClient(configuration: configuration) { client in
            await self.exchange(message, at: url, client, within: deadline - .now)
        }
    }

    private func addresses(of url: WebhookURL) async -> [NetworkAddress] {
        if let literal = url.literal { [literal] } else { await self.resolver.addresses(url.host) }
    }

    private func configuration(
        _ url: WebhookURL,
        _ key: WebhookClients.Key,
        _ certificate: ClientCertificate?
    ) throws -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let certificate { try Self.present(certificate, in: &tls) }
        tls.minimumTLSVersion = .tlsv12
        tls.trustRoots = self.trustRoots
        if let trustedCertificates { tls.additionalTrustRoots = [.file(trustedCertificates)] }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = TimeAmount(self.limits.idle)
        // How many calls there are at the same time is decided before: none waits here for another one.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connectionsMax
        // Now and then a new one, so that balancers have something to decide.
        configuration.maximumUsesPerConnection = Self.usesMax
        configuration.timeout.connect = TimeAmount(key.connect)
        configuration.httpVersion = .http1Only
        configuration.http1_1ConnectionDebugInitializer = { [uses = self.clients.uses] in uses.follow($0) }
        if url.literal == nil, let address = key.address { configuration.dnsOverride = [url.host: address.text] }
        if let proxy = key.proxy { configuration.proxy = .server(host: proxy.host, port: proxy.port) }
        return configuration
    }

    /// As many as there may be calls.
    private static let connectionsMax = 4_096
    /// The most calls of one connection.
    private static let usesMax = 1_000

    private static func present(_ certificate: ClientCertificate, in tls: inout TLSConfiguration) throws {
        tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8))
            .map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem))
    }

    /// What a certificate says of itself; nil where it cannot be presented with its key.
    private static func summary(_ certificate: ClientCertificate) -> CertificateSummary? {
        do {
            var tls = TLSConfiguration.makeClientConfiguration()
            try Self.present(certificate, in: &tls)
            // Whether the two belong together is found out here.
            _ = try NIOSSLContext(configuration: tls)
            guard case .certificate(let own)? = tls.certificateChain.first else { return nil }
            return CertificateSummary(
                digest: Hexadecimal.encode(SHA256.hash(try own.toDERBytes())),
                endsAt: Int64(own.notValidAfter) * 1_000
            )
        } catch {
            // Whoever gave it is told that it cannot be used.
            return nil
        }
    }

    private func exchange(
        _ message: WebhookMessage,
        at url: WebhookURL,
        _ client: HTTPClient,
        within left: Duration
    ) async -> Dialled {
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        request.headers = HTTPHeaders(message.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        request.headers.add(name: "user-agent", value: "collimator")
        request.body = .bytes(ByteBuffer(bytes: message.body))
        let watched = await self.clients.uses.watch(request.headers) {
            await self.exchange(request, client, within: left)
        }
        var dialled = watched.outcome
        dialled.connection = watched.connection
        return dialled
    }

    private func exchange(
        _ request: HTTPClientRequest,
        _ client: HTTPClient,
        within left: Duration
    ) async -> Dialled {
        do {
            let response = try await client.execute(request, timeout: TimeAmount(left))
            let answer = WebhookAnswer.answered(
                status: Int(response.status.code),
                retryAfter: Self.retryAfter(response.headers),
                body: await self.beginning(of: response)
            )
            return Dialled(answer: answer)
        } catch {
            return Dialled(
                answer: .failed(Self.failure(error)),
                isUnconnected: Self.isUnconnected(error),
                isUnready: Self.isUnready(error),
                isCutOff: Self.isCutOff(error)
            )
        }
    }

    /// Whether there was no connection; one that broke may have brought the message.
    private static func isUnconnected(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .connectTimeout
        case is NIOConnectionError: true
        case let error as IOError: [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
        default: false
        }
    }

    /// Whether no connection was ready to be sent over.
    private static func isUnready(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError where error == .tlsHandshakeTimeout: true
        case NIOSSLError.handshakeFailed, NIOSSLError.unableToValidateCertificate: true
        case is NIOSSLExtraError: true
        default: Self.isUnconnected(error)
        }
    }

    /// Whether the receiver ended the connection, or had already when it was written to.
    private static func isCutOff(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case let error as IOError: [ECONNRESET, EPIPE].contains(error.errnoCode)
        case let error as NIOSSLError: error == .uncleanShutdown
        case let error as ChannelError: [.ioOnClosedChannel, .alreadyClosed, .eof].contains(error)
        case let error as HTTPParserError: error == .invalidEOFState
        default: false
        }
    }

    /// What of the body comes in time, up to the most that is kept.
    ///
    /// The status was the answer: a body that breaks or never ends changes nothing in it.
    private func beginning(of response: HTTPClientResponse) async -> [UInt8] {
        let (body, limit) = (response.body, self.limits.body)
        // Of these there is nothing to wait for.
        guard !Self.isEmpty(response) else { return await Self.beginning(of: body) }
        return await withTaskGroup(of: [UInt8].self) { group in
            defer { group.cancelAll() }

            group.addTask { await Self.beginning(of: body) }
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    // The body was quicker.
                }
                return []
            }
            return await group.next() ?? []
        }
    }

    private static func beginning(of body: HTTPClientResponse.Body) async -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await chunk in body {
                bytes += chunk.readableBytesView.prefix(WebhookAnswer.bodyBytesMax - bytes.count)
                if bytes.count == WebhookAnswer.bodyBytesMax { break }
            }
        } catch {
            // See above.
        }
        return bytes
    }

    /// Whether the message ends with its head (RFC 9112 §6.3).
    private static func isEmpty(_ response: HTTPClientResponse) -> Bool {
        response.status == .noContent
            || !response.headers.contains(name: "transfer-encoding") && response.headers["content-length"] == ["0"]
    }

    /// The wait that `Retry-After` asks for in seconds; a date is left to the schedule.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        headers.first(name: "retry-after").flatMap { UInt32($0) }.map { .seconds($0) }
    }

    private static func failure(_ error: any Error) -> WebhookAnswer.Failure {
        switch error {
        case let error as HTTPClientError where Self.timeouts.contains(error): .timeout
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .encryption
        case _ where Self.isUnconnected(error): .unreachable
        default: .broken
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .connectTimeout, .tlsHandshakeTimeout, .deadlineExceeded, .readTimeout, .writeTimeout,
        .getConnectionFromPoolTimeout,
    ]
}

extension AddressPolicy {
    /// The policy of this machine: its own addresses are dialled only where they are allowed by name.
    static func ofThisMachine(allowed: [NetworkRange], allowsPlainLoopback: Bool) throws -> AddressPolicy {
        let own = try System.enumerateDevices().compactMap { device in
            device.address?.ipAddress.flatMap { NetworkAddress($0) }
        }
        return AddressPolicy(allowed: allowed, own: Set(own), allowsPlainLoopback: allowsPlainLoopback)
    }
}
