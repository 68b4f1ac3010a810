import AccessControl
import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity
import Logging
import NIOCore

/// Answers requests for what lies in memory while they are read, without tasks, router and middleware.
///
/// All is decided anew, as on the way that it saves: who calls, whether it may, and that it is written down. Whatever is out
/// of the ordinary, is refused, or would have to wait, goes that way: nothing is refused here, and nothing was done then that
/// cannot be done twice.
struct QuickAnswers: Sendable {
    let gate: AccessGate
    let authenticator: Authenticator
    let directory: IdentityDirectory
    /// Whether every request goes the long way.
    let isOff: Bool
    let logger: Logger
    let date = HTTPDate()

    /// The answer to a request without a body; nil where it has to go the long way.
    ///
    /// It is written down by then that it was answered: it must be sent.
    @Sendable func answer(_ request: HTTPRequest, from peer: SocketAddress?) -> QuickAnswer? {
        let start = ContinuousClock.now
        guard !self.isOff, request.method == .get, let target = request.path,
            let known = self.gate.answersAtHand[target],
            let store = known.resource.store, self.gate.stores[store] != nil,
            let authorization = Self.authorization(in: request.headerFields),
            let caller = self.authenticator.callerAtHand(authorization: authorization), self.admits(caller),
            let admission = self.gate.decideAtHand(
                caller,
                known.endpoint.permission,
                on: known.resource,
                known.reach
            ),
            case .success(let part) = admission.answer, var answer = known.find(request.headerFields, part)
        else { return nil }
        let length = answer.body?.readableBytes ?? 0
        // What is longer may be cut, of which the log would tell.
        guard length <= AccessLog.wholeBytesMax else { return nil }
        let id = RequestID()
        let requestID = id.description
        var logger = self.logger
        let isLogged = logger.logLevel <= .info
        if isLogged { logger[metadataKey: "hb.request.id"] = .stringConvertible(id) }
        let proxies = self.gate.audit.proxies
        let line = AccessLine(request, route: known.route, peer: peer, proxies: proxies, logger: logger, start: start)
        var entry = AuditEntry(
            trail: self.gate.audit,
            caller: caller,
            endpoint: known.endpoint,
            resource: known.resource,
            requestID: requestID,
            address: self.gate.audit.log == nil
                ? nil : clientAddress(peer: peer, headers: request.headerFields, proxies: proxies),
            logger: logger
        )
        guard entry.countsRepeat(on: admission.grounds) else { return nil }
        answer.count()
        answer.head.headerFields[requestIDHeader] = requestID
        setProtectiveHeaders(&answer.head.headerFields)
        answer.head.headerFields[.date] = self.date.text
        if isLogged { line.write(status: answer.head.status.code, bytes: length, outcome: .complete) }
        return answer
    }

    private func admits(_ caller: Caller) -> Bool {
        do {
            try self.directory.admit(caller)
            return true
        } catch {
            return false
        }
    }

    /// The one credential of a request that has nothing about it that is looked at elsewhere; nil for any other.
    private static func authorization(in fields: HTTPFields) -> String? {
        var authorization: String?
        for field in fields {
            switch field.name {
            case .authorization:
                guard authorization == nil else { return nil }
                authorization = field.value
            case .connection:
                guard field.value.lowercased() == "keep-alive" else { return nil }
            case .cookie, .proxyAssertion, .contentLength, .transferEncoding, .expect, .upgrade: return nil
            default: break
            }
        }
        return authorization
    }
}
