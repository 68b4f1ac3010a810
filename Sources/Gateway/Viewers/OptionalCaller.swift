import CollimatorCore
import Hummingbird
import Identity

/// Tells who calls on a route that answers to nobody too.
///
/// The same credentials count as on guarded routes, and in the same order.
struct OptionalCaller: Sendable {
    let authenticator: Authenticator
    let signIns: SignIns
    let browser: BrowserAccess
    let directory: IdentityDirectory

    /// Nil where no credential is shown, and where the browser's session has ended.
    ///
    /// - Throws: `unauthenticated` for a key that is none, `forbidden` for a session that another page uses.
    func find(_ request: Request, context: GatewayContext) async throws(CollimatorError) -> Caller? {
        let authorization = request.headers[values: .authorization]
        let assertions = request.headers[values: .proxyAssertion]
        let secret = self.browser.cookie.secret(in: request.headers)
        guard authorization.isEmpty else {
            guard secret == nil else { throw Authenticator.conflict }
            let caller = try await self.authenticator.authenticate(
                authorization: authorization,
                proxyAssertions: assertions
            )
            try self.directory.admit(caller)
            return caller
        }
        guard let secret else {
            guard let caller = try await self.authenticator.callerIfAny(proxyAssertions: assertions) else { return nil }
            try self.directory.admit(caller)
            return caller
        }
        let caller: Caller
        do {
            caller = try await self.signIns.authenticate(session: secret)
        } catch  where error.code == .unauthenticated {
            return nil
        } catch {
            throw error
        }
        try self.browser.admit(request, localPort: context.localPort)
        try self.directory.admit(caller)
        return caller
    }
}
